// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/memory/system.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/runtime/contract.hpp>
#include <tenon/runtime/presets.hpp>
#include <tenon/scheduler/fifo.hpp>
#include <tenon/topology/flat.hpp>

#include <string>

#include <gtest/gtest.h>

namespace {

using tenon::complete_policy;
using tenon::detail::place;
using tenon::detail::place_of;

struct widget {};
struct later;
struct half_a_backend : tenon::family::backend {
  static constexpr auto word = tenon::fixed_string("half");
};

TEST(contract, every_word_has_the_place_of_its_family) {
  static_assert(place_of<tenon::none> == place::backend);
  static_assert(place_of<tenon::fifo> == place::scheduling);
  static_assert(place_of<tenon::system> == place::memory);
  static_assert(place_of<tenon::spsc<8>> == place::queue);
  static_assert(place_of<tenon::flat> == place::topology);
  static_assert(place_of<tenon::single_thread> == place::threading);
  static_assert(place_of<tenon::counters> == place::observe);
  static_assert(place_of<tenon::virtual_clock> == place::clock);
  static_assert(place_of<tenon::terminate> == place::errors);
  static_assert(place_of<tenon::preset<tenon::none>> == place::preset);
}

TEST(contract, what_is_no_policy_has_none) {
  static_assert(place_of<int> == place::stranger && place_of<int&> == place::stranger);
  static_assert(place_of<widget> == place::stranger && place_of<std::string> == place::stranger);
  static_assert(place_of<const tenon::none> == place::stranger);
  static_assert(place_of<tenon::family::backend> == place::stranger);
  static_assert(place_of<void> == place::undefined && place_of<later> == place::undefined);
  static_assert(place_of<half_a_backend> == place::unusable);
}

TEST(contract, complete_policy_is_what_a_runtime_is_made_of) {
  static_assert(complete_policy<tenon::none> && complete_policy<tenon::terminate>);
  static_assert(!complete_policy<half_a_backend> && !complete_policy<widget> && !complete_policy<later>);
  static_assert(!complete_policy<tenon::production>);
  EXPECT_EQ(half_a_backend::word.view(), "half");
}

TEST(contract, the_first_fault_is_found_with_its_place) {
  using tenon::detail::fault;
  using tenon::detail::judge;
  constexpr auto fine = judge({place::backend, place::memory, place::preset});
  static_assert(fine.what == fault::nothing && judge({}).what == fault::nothing);
  constexpr auto strange = judge({place::backend, place::stranger, place::backend});
  static_assert(strange.what == fault::argument && strange.at == 1);
  constexpr auto twice = judge({place::queue, place::backend, place::clock, place::backend});
  static_assert(twice.what == fault::duplicate && twice.at == 1 && twice.other == 3);
}

}  // namespace
