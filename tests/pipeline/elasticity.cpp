// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/detail/elasticity.hpp>
#include <tenon/pipeline/detail/rotation.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <set>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tenon::time_point;
using tenon::detail::weaving::elasticity;
using tenon::detail::weaving::rotation;

TEST(elasticity, goes_from_4_to_16_and_after_30_idle_seconds_back) {
  elasticity<4, 16> rule{30s};
  time_point now{};
  EXPECT_EQ(rule.size(), 4U);
  EXPECT_EQ(rule.next(), tenon::never);
  EXPECT_EQ(rule.decide(now, 4, 16), 16U);
  EXPECT_EQ(rule.decide(now += 1h, 16, 4), 16U);  // as long as it is needed
  for (std::size_t busy = 15; busy > 0; --busy) EXPECT_EQ(rule.decide(now += 1ms, busy, 0), 16U);
  EXPECT_EQ(rule.decide(now += 1ms, 0, 0), 16U);
  const time_point idle_since = now;
  EXPECT_EQ(rule.next(), idle_since - 15ms + 30s);  // when the sixteenth was needed last
  EXPECT_EQ(rule.decide(idle_since + 30s - 16ms, 0, 0), 16U);
  EXPECT_EQ(rule.decide(idle_since + 30s - 15ms, 0, 0), 15U);
  EXPECT_EQ(rule.decide(idle_since + 30s, 0, 0), 4U);
  EXPECT_EQ(rule.next(), tenon::never);
}

TEST(elasticity, few_tasks_in_turn_do_not_keep_many_workers) {
  elasticity<1, 8> rule{1s};
  time_point now{};
  (void)rule.decide(now, 0, 8);
  for (int i = 0; i < 30; ++i) {  // round robin has each of the eight busy every 800 ms
    (void)rule.decide(now += 50ms, 2, 0);
    (void)rule.decide(now += 50ms, 1, 0);
  }
  EXPECT_EQ(rule.size(), 2U);
}

TEST(elasticity, no_idle_timeout_never_shrinks) {
  elasticity<1, 4> rule{tenon::duration::max()};
  EXPECT_EQ(rule.decide(time_point{} + 1s, 0, 4), 4U);
  EXPECT_EQ(rule.decide(time_point{} + 2s, 0, 0), 4U);
  EXPECT_EQ(rule.next(), tenon::never);
  EXPECT_EQ(rule.decide(time_point{} + 100000h, 0, 0), 4U);
}

// The rule, told in another way: how many were wanted at most in the last idle_after, or are wanted now.
RC_GTEST_PROP(elasticity, has_as_many_as_were_wanted_at_most_within_the_idle_time, ()) {
  constexpr std::size_t min = 3, max = 12;
  const auto idle_after = std::chrono::milliseconds(*rc::gen::inRange(1, 50));
  elasticity<min, max> rule{idle_after};
  struct moment {
    time_point at;
    std::size_t wanted;
  };
  std::vector<moment> past{{time_point{}, 0}};
  time_point now{};
  for (int step = *rc::gen::inRange(1, 100); step > 0; --step) {
    now += std::chrono::milliseconds(*rc::gen::inRange(0, 20));
    const std::size_t before = rule.size();
    const auto busy = *rc::gen::inRange<std::size_t>(0, max + 1);
    const auto waiting = busy == max ? *rc::gen::inRange<std::size_t>(0, 5) : 0;
    const time_point due = rule.next();
    const std::size_t size = rule.decide(now, busy, waiting);
    const std::size_t wanted = std::min(max, busy + waiting);
    RC_ASSERT(size >= min && size <= max && size >= wanted);
    std::size_t most = std::max(min, wanted);
    // A value was in force until the next one came, at which time it counted last.
    for (std::size_t i = 0; i < past.size(); ++i) {
      const time_point until = i + 1 < past.size() ? past[i + 1].at : now;
      if (now - until < idle_after) most = std::max(most, past[i].wanted);
    }
    RC_ASSERT(size == most);
    RC_ASSERT(size >= before || due <= now);  // it shrinks when it said that it would
    past.push_back({now, wanted});
  }
}

RC_GTEST_PROP(elasticity, a_level_that_was_added_stays_for_the_idle_time, ()) {
  constexpr std::size_t max = 10;
  elasticity<1, max> rule{100ms};
  time_point now{};
  std::vector<time_point> added(max + 1, time_point{});
  for (int step = 0; step < 300; ++step) {
    now += std::chrono::milliseconds(*rc::gen::inRange(0, 60));
    const std::size_t before = rule.size();
    const std::size_t size = rule.decide(now, *rc::gen::inRange<std::size_t>(0, max + 1), 0);
    for (std::size_t k = before + 1; k <= size; ++k) added[k] = now;
    for (std::size_t k = size + 1; k <= before; ++k) RC_ASSERT(now - added[k] >= 100ms);
  }
}

TEST(rotation, takes_in_turn) {
  rotation<5> seats;
  EXPECT_EQ(seats.take(), seats.none);
  for (const std::size_t seat : {0U, 2U, 3U}) seats.free(seat);
  EXPECT_EQ(seats.take(), 0U);
  seats.free(0);
  EXPECT_EQ(seats.take(), 2U);
  seats.free(2);
  EXPECT_EQ(seats.highest(), 3U);
  EXPECT_EQ(seats.take(), 3U);
  EXPECT_EQ(seats.take(), 0U);
  EXPECT_EQ(seats.take(), 2U);
  EXPECT_EQ(seats.take(), seats.none);
  EXPECT_EQ(seats.highest(), seats.none);
}

RC_GTEST_PROP(rotation, is_round_robin_over_a_set, ()) {
  constexpr std::size_t size = 130;  // three words
  rotation<size> seats;
  std::set<std::size_t> free;
  std::size_t next = 0;
  for (int step = 0; step < 300; ++step) {
    if (*rc::gen::arbitrary<bool>()) {
      const auto seat = *rc::gen::inRange<std::size_t>(0, size);
      seats.free(seat);
      free.insert(seat);
    } else {
      auto expected = free.lower_bound(next);
      if (expected == free.end()) expected = free.begin();
      const std::size_t seat = seats.take();
      if (expected == free.end()) {
        RC_ASSERT(seat == seats.none);
      } else {
        RC_ASSERT(seat == *expected);
        next = seat + 1;
        free.erase(expected);
      }
    }
    RC_ASSERT(seats.highest() == (free.empty() ? seats.none : *free.rbegin()));
  }
}

}  // namespace
