// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/chase_lev.hpp>
#include <tenon/scheduler/lifo_slot.hpp>
#include <tenon/scheduler/split.hpp>

#include "deques.hpp"

namespace {

using over_ring = tenon::stealing<tenon::lifo_slot<>>;
using over_chase_lev = tenon::stealing<tenon::chase_lev, tenon::lifo_slot<1>>;
using over_split = tenon::stealing<tenon::lifo_slot<5>, tenon::split>;

}  // namespace

template <>
inline constexpr bool tenon::laws::runs_in_order<over_ring> = false;
template <>
inline constexpr bool tenon::laws::runs_in_order<over_chase_lev> = false;
template <>
inline constexpr bool tenon::laws::runs_in_order<over_split> = false;

namespace {

using all_slotted = testing::Types<over_ring, over_chase_lev, over_split>;
INSTANTIATE_TYPED_TEST_SUITE_P(lifo_slot, scheduler_laws, all_slotted);
INSTANTIATE_TYPED_TEST_SUITE_P(lifo_slot, newest_first, all_slotted);

static_assert(tenon::scheduling_policy<over_ring>);
static_assert(over_ring::word == tenon::fixed_string("stealing<lifo_slot<3>>"));
static_assert(over_chase_lev::word == tenon::fixed_string("stealing<chase_lev, lifo_slot<1>>"));
static_assert(over_split::word == tenon::fixed_string("stealing<lifo_slot<5>, split>"));

using bench = tenon::laws::bench<over_ring, tenon::multi_thread>;
using items = std::vector<tenon::laws::counted_work>;

TEST(lifo_slot, what_was_made_ready_last_runs_next_and_the_rest_in_order) {
  bench subject(1);
  items many(5);
  for (auto& each : many) subject.at(0).push(each);
  for (const std::size_t i : {4U, 0U, 1U, 2U, 3U}) EXPECT_EQ(subject.at(0).next(), &many[i]);
}

/// K = 3 in a row, and then one of the rest: the law that keeps a conversation of two from starving the others.
TEST(lifo_slot, goes_first_so_many_times_in_a_row) {
  bench subject(1);
  items rest(3);
  tenon::laws::counted_work talks;
  for (auto& each : rest) subject.at(0).push(each);
  subject.at(0).push(talks);
  for (auto& each : rest) {
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(subject.at(0).next(), &talks);
      subject.at(0).push(talks);
    }
    ASSERT_EQ(subject.at(0).next(), &each);
  }
  EXPECT_EQ(subject.drain(), 1U);
}

TEST(lifo_slot, a_thief_takes_from_the_slot_last) {
  bench subject(2);
  items many(3);
  for (auto& each : many) subject.at(0).push(each);
  EXPECT_EQ(subject.at(1).find(), &many[0]);
  EXPECT_EQ(subject.at(1).find(), &many[1]);
  EXPECT_FALSE(subject.at(1).idle());
  EXPECT_EQ(subject.at(1).find(), &many[2]) << "nothing is stuck behind what its worker runs just now";
  EXPECT_TRUE(subject.at(1).idle());
  EXPECT_EQ(subject.at(1).stolen(), 3U);
}

TEST(lifo_slot, leaves_nothing_lying_behind_a_long_task) {
  tenon_test::expect_nothing_lies_behind_a_long_task<over_ring>();
}

}  // namespace
