// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/poll.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/runtime/policies_of.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/affinity.hpp>

#include <string>
#include <type_traits>

#include <gtest/gtest.h>

namespace {

namespace hana = tenon::hana;

struct edge : tenon::runtime<tenon::counters, tenon::affinity<>, tenon::poll> {
  using runtime::runtime;
};

template <class R, class Family>
using policy_of_family = typename decltype(+tenon::policies_of<R>[hana::type_c<Family>])::type;

TEST(policies_of, gives_each_family_its_policy) {
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::backend>, tenon::poll>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::scheduling>, tenon::affinity<>>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::memory>, tenon::recycling<tenon::system>>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::queue>, tenon::by_topology>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::topology>, tenon::flat>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::threading>, tenon::multi_thread>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::observe>, tenon::counters>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::clock>, tenon::steady>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::errors>, tenon::propagate>);
  static_assert(std::is_same_v<policy_of_family<edge, tenon::family::context>, tenon::context<>>);
  static_assert(decltype(hana::size(tenon::policies_of<edge>))::value == 10);
}

TEST(policies_of, equal_sentences_have_one_map) {
  using one = tenon::runtime<tenon::poll, tenon::affinity<>>;
  using other = tenon::runtime<tenon::affinity<>, tenon::multi_thread, tenon::poll>;
  static_assert(std::is_same_v<decltype(tenon::policies_of<one>), decltype(tenon::policies_of<other>)>);
}

TEST(policies_of, can_be_walked) {
  std::string words;
  hana::for_each(hana::values(tenon::policies_of<edge>),
                 [&words](auto policy) { words += std::string{std::string_view{decltype(policy)::type::word}} + ';'; });
  EXPECT_NE(words.find("poll;"), std::string::npos);
  EXPECT_NE(words.find("affinity<>;"), std::string::npos);
}

}  // namespace
