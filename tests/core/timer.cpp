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
  EXPECT_FALSE(queue.empty());
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
      ASSERT_EQ(queue.empty(), model.empty());
      const tenon::time_point first = model.empty() ? tenon::never : model.begin()->first;
      ASSERT_LE(queue.next(), first);
      if (timers.size() <= 64) {
        ASSERT_EQ(queue.next(), first) << "exact while they are few";
      }
    }
    std::size_t armed = 0;
    for (const tenon::timer& each : timers) armed += each.armed() ? 1 : 0;
    ASSERT_EQ(armed, model.size());
  }
}

/// As above with hundreds of timers up to a day off, so that most of them are in the wheel, and a time that goes on: to
/// the next deadline, as a worker that sleeps does, or by a step.
TEST(timer_queue, agrees_with_a_sorted_map_whatever_is_far_off) {
  for (unsigned seed = 0; seed < 8; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&random](std::int64_t n) {
      return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random);
    };
    std::vector<tenon::timer> timers(static_cast<std::size_t>(100 + below(1'000)));
    tenon::timer_queue queue;
    std::multimap<tenon::time_point, tenon::timer*> model;
    const auto forget = [&](const tenon::timer& one) {
      const auto [begin, end] = model.equal_range(one.deadline);
      model.erase(std::find_if(begin, end, [&](const auto& each) { return each.second == &one; }));
    };
    tenon::time_point now = seed % 2 == 0 ? tenon::time_point{} : std::chrono::steady_clock::now();
    for (int step = 0; step < 20'000; ++step) {
      tenon::timer& one = timers[static_cast<std::size_t>(below(static_cast<std::int64_t>(timers.size())))];
      if (below(10) == 0) {
        const tenon::time_point next = queue.next();
        ASSERT_LE(next, model.empty() ? tenon::never : model.begin()->first);
        if (below(3) == 0) {
          now += std::chrono::nanoseconds(below(std::int64_t{1} << below(44)));
        } else if (next != tenon::never && next > now) {
          now = next;
        }
        while (tenon::timer* const due = queue.pop_due(now)) {
          ASSERT_FALSE(model.empty());
          ASSERT_EQ(due->deadline, model.begin()->first);
          forget(*due);
        }
        ASSERT_TRUE(model.empty() || model.begin()->first > now);
      } else if (one.armed()) {
        forget(one);
        queue.disarm(one);
        ASSERT_FALSE(one.armed());
      } else {
        one.deadline =
            below(100) == 0 ? tenon::never : now + std::chrono::nanoseconds(below(std::int64_t{1} << below(47)));
        queue.arm(one);
        model.emplace(one.deadline, &one);
      }
      ASSERT_EQ(queue.empty(), model.empty());
    }
  }
}

/// A worker sleeps until next(): however far off the many are, it is woken a few times for all of them and no more.
TEST(timer_queue, brings_the_far_off_near_in_a_few_steps) {
  tenon::timer_queue queue;
  std::vector<tenon::timer> timers(10'000);
  const tenon::time_point start = at(1'000'000'000);
  EXPECT_EQ(queue.pop_due(start), nullptr);
  for (tenon::timer& each : timers) {
    each.deadline = start + 1h;
    queue.arm(each);
  }
  int steps = 0;
  for (tenon::time_point now = start; now < start + 1h; ++steps) {
    now = queue.next();
    const tenon::timer* const due = queue.pop_due(now);
    ASSERT_EQ(due != nullptr, now == start + 1h);
  }
  EXPECT_LE(steps, 6);
  for (tenon::timer& each : timers) {
    if (each.armed()) queue.disarm(each);
  }
  EXPECT_TRUE(queue.empty());
}

}  // namespace
