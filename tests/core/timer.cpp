// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/timer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <map>
#include <random>
#include <vector>

namespace {

using namespace std::chrono_literals;

tenon::time_point at(int ns) { return tenon::time_point{} + std::chrono::nanoseconds(ns); }

TEST(timer, is_unarmed_at_first) {
  const tenon::timer fresh;
  EXPECT_FALSE(fresh.armed());
  EXPECT_EQ(fresh.deadline, tenon::never);
}

TEST(timer_queue, is_empty_at_first) {
  tenon::timer_queue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(queue.next(), tenon::never);
  EXPECT_EQ(queue.pop_due(at(1)), nullptr);
  EXPECT_EQ(queue.pop_due(tenon::never), nullptr);
}

TEST(timer_queue, gives_what_is_due_and_no_more) {
  tenon::timer_queue queue;
  tenon::timer one;
  one.deadline = at(10);
  queue.arm(one);
  EXPECT_TRUE(one.armed());
  EXPECT_EQ(queue.next(), at(10));
  EXPECT_EQ(queue.pop_due(at(9)), nullptr);
  EXPECT_EQ(queue.pop_due(at(10)), &one) << "at its deadline, not after it";
  EXPECT_FALSE(one.armed());
  EXPECT_TRUE(queue.empty());
  queue.arm(one);
  EXPECT_TRUE(one.armed()) << "it can be armed again";
  queue.disarm(one);
}

TEST(timer_queue, keeps_one_that_is_never_due) {
  tenon::timer_queue queue;
  tenon::timer last;
  queue.arm(last);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.pop_due(at(1'000'000'000)), nullptr);
  queue.disarm(last);
  EXPECT_TRUE(queue.empty());
}

TEST(timer_queue, sorts) {
  tenon::timer_queue queue;
  std::vector<tenon::timer> timers(1'000);
  for (std::size_t i = 0; i < timers.size(); ++i) {
    timers[i].deadline = at(static_cast<int>(i * 7'919 % timers.size()));
    queue.arm(timers[i]);
  }
  for (int i = 0; i < 1'000; ++i) {
    const tenon::timer* const due = queue.pop_due(tenon::never);
    ASSERT_NE(due, nullptr);
    ASSERT_EQ(due->deadline, at(i));
  }
  EXPECT_TRUE(queue.empty());
}

/// Against std::multimap: the same deadlines in the same order, whatever is armed and disarmed.
TEST(timer_queue, agrees_with_a_sorted_map) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](std::size_t n) {
      return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    std::vector<tenon::timer> timers(1 + below(200));
    const std::size_t spread = 1 + below(50);  // few deadlines: many that are equal
    tenon::timer_queue queue;
    std::multimap<tenon::time_point, tenon::timer*> model;
    for (int step = 0; step < 2'000; ++step) {
      tenon::timer& one = timers[below(timers.size())];
      if (below(8) == 0) {
        const tenon::time_point now = at(static_cast<int>(below(spread)));
        tenon::timer* const due = queue.pop_due(now);
        if (model.empty() || model.begin()->first > now) {
          ASSERT_EQ(due, nullptr);
        } else {
          ASSERT_NE(due, nullptr);
          ASSERT_EQ(due->deadline, model.begin()->first);
          const auto [begin, end] = model.equal_range(due->deadline);
          const auto found = std::find_if(begin, end, [&](const auto& each) { return each.second == due; });
          ASSERT_NE(found, end);
          model.erase(found);
        }
      } else if (one.armed()) {
        const auto [begin, end] = model.equal_range(one.deadline);
        model.erase(std::find_if(begin, end, [&](const auto& each) { return each.second == &one; }));
        queue.disarm(one);
      } else {
        one.deadline = below(20) == 0 ? tenon::never : at(static_cast<int>(below(spread)));
        queue.arm(one);
        model.emplace(one.deadline, &one);
      }
      ASSERT_EQ(queue.size(), model.size());
      ASSERT_EQ(queue.empty(), model.empty());
      ASSERT_EQ(queue.next(), model.empty() ? tenon::never : model.begin()->first);
    }
    std::size_t armed = 0;
    for (const tenon::timer& each : timers) armed += each.armed() ? 1 : 0;
    ASSERT_EQ(armed, model.size());
  }
}

}  // namespace
