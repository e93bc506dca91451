// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/concept.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/observe/off.hpp>

#include <gtest/gtest.h>

#include <string_view>

#include "../laws/observe.hpp"

namespace {

/// A policy as a user would write it: it has its say on top of what counters does.
struct shouting : tenon::family::observe {
  static constexpr std::string_view word = "shouting";
  static constexpr bool enabled = true;
  template <class Threading>
  class of : public tenon::counters::of<Threading> {
   public:
    void dropped(std::size_t items) noexcept {
      tenon::counters::of<Threading>::dropped(items);
      shouted = true;
    }
    bool shouted = false;
  };
};

using tenon::laws::observed;
using models = testing::Types<observed<shouting, tenon::single_thread>, observed<shouting, tenon::multi_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(of_a_user, observe_laws, models);

struct off_but_not_empty : tenon::family::observe {
  static constexpr std::string_view word = "off_but_not_empty";
  static constexpr bool enabled = false;
  template <class Threading>
  using of = tenon::counters::of<Threading>;
};
static_assert(!tenon::observe_policy<off_but_not_empty>);

struct without_a_hook : tenon::family::observe {
  static constexpr std::string_view word = "without_a_hook";
  [[maybe_unused]] static constexpr bool enabled = true;
  template <class Threading>
  class of {};
};
static_assert(!tenon::observe_policy<without_a_hook>);
static_assert(!tenon::observe_policy<int>);

}  // namespace
