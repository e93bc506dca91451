// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/chase_lev.hpp>

#include "deques.hpp"

namespace {

using policy = tenon::stealing<tenon::chase_lev>;

}  // namespace

template <>
inline constexpr bool tenon::laws::runs_in_order<policy> = false;

namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(chase_lev, scheduler_laws, policy);
INSTANTIATE_TYPED_TEST_SUITE_P(chase_lev, newest_first, policy);

static_assert(tenon::scheduling_policy<policy>);
static_assert(policy::word == tenon::fixed_string("stealing<chase_lev>"));

using bench = tenon::laws::bench<policy, tenon::multi_thread>;
using deque = tenon::detail::chase_lev_deque<tenon::multi_thread, 4>;

TEST(chase_lev, brings_up_to_half_and_no_more_than_a_batch) {
  bench subject(2);
  std::vector<tenon::laws::counted_work> many(100);
  for (auto& each : many) subject.at(0).push(each);
  EXPECT_EQ(subject.at(1).find(), &many[0]) << "a thief begins with the oldest";
  EXPECT_EQ(subject.at(1).stolen(), 16U);
  EXPECT_EQ(subject.drain(), 99U);
}

/// A task that runs for long keeps nothing to itself: every item is in sight of thieves.
TEST(chase_lev, leaves_nothing_lying_behind_a_long_task) {
  tenon_test::expect_nothing_lies_behind_a_long_task<policy>();
}

TEST(chase_lev, grows_under_the_thieves_hands) { tenon_test::expect_each_once_while_it_grows<deque>(); }

}  // namespace
