// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/runtime/with_context.hpp>
#include <tenon/scheduler/fifo.hpp>
#include <tenon/scheduler/priority.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/yield.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "laws/scheduler.hpp"

namespace {

using namespace std::chrono_literals;
using tenon::level;
using tenon::task;

using three_levels = tenon::priority<3>;
using quick_to_age = tenon::priority<5, tenon::ageing<4>>;

INSTANTIATE_TYPED_TEST_SUITE_P(priority, scheduler_laws, three_levels);
INSTANTIATE_TYPED_TEST_SUITE_P(priority_ageing, scheduler_laws, quick_to_age);

static_assert(tenon::scheduling_policy<tenon::priority<>>);
static_assert(tenon::detail::levels_of<tenon::priority<>> == 3);
static_assert(three_levels::row_of({}) == 1 && three_levels::row_of({0}) == 0 && three_levels::row_of({9}) == 2);
static_assert(quick_to_age::age == 4 && three_levels::age == 16);

template <class P>
using bench = tenon::laws::bench<P, tenon::multi_thread>;
using items = std::vector<tenon::laws::counted_work>;

TEST(priority, the_lowest_number_goes_first_and_each_level_in_order) {
  bench<three_levels> subject(1);
  items many(9);
  for (std::size_t i = 0; i < many.size(); ++i)
    subject.at(0).push(many[i], level{static_cast<std::uint8_t>(2 - i % 3)});
  for (const std::size_t i : {2U, 5U, 8U, 1U, 4U, 7U, 0U, 3U, 6U}) EXPECT_EQ(subject.at(0).next(), &many[i]);
  EXPECT_TRUE(subject.at(0).idle());
}

TEST(priority, what_comes_from_outside_waits_at_its_level_too) {
  bench<three_levels> subject(2);
  items many(4);
  subject.at(0).push(many[0], level{1});
  subject.at(0).push(many[1], level{1});
  subject.all.inject(many[2], level{0});
  subject.all.give(many[3], level{2}, 0);
  for (const std::size_t i : {2U, 0U, 1U, 3U}) EXPECT_EQ(subject.at(0).next(), &many[i]);
}

TEST(priority, a_thief_takes_the_most_urgent_there_is) {
  bench<three_levels> subject(2);
  items many(4);
  for (std::size_t i = 0; i < 4; ++i) subject.at(0).push(many[i], level{static_cast<std::uint8_t>(i < 2 ? 2 : 0)});
  EXPECT_EQ(subject.at(1).find(), &many[2]);
  EXPECT_EQ(subject.at(1).stolen(), 1U);
}

/// Each level is stolen from, and by halves: a thief that finds nothing urgent takes what is not.
TEST(priority, a_thief_takes_half_of_whichever_level_has_something) {
  for (std::size_t which = 0; which < three_levels::levels; ++which) {
    bench<three_levels> subject(2);
    items many(10);
    for (auto& each : many) subject.at(0).push(each, level{static_cast<std::uint8_t>(which)});
    EXPECT_FALSE(subject.at(1).idle()) << "level " << which;
    EXPECT_EQ(subject.at(1).find(), &many[0]);
    EXPECT_EQ(subject.at(1).stolen(), 5U);
    for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(subject.at(1).next(), &many[i]) << "they keep their level's order";
    EXPECT_EQ(subject.drain(), 5U);
  }
}

/// What is stolen keeps its level: at the thief too the more urgent goes first.
TEST(priority, what_is_stolen_waits_at_its_level_with_the_thief) {
  bench<three_levels> subject(2);
  items low(4);
  tenon::laws::counted_work urgent;
  for (auto& each : low) subject.at(0).push(each, level{2});
  EXPECT_EQ(subject.at(1).find(), &low[0]);  // and brings another
  subject.at(1).push(urgent, level{0});
  EXPECT_EQ(subject.at(1).next(), &urgent);
  EXPECT_EQ(subject.at(1).next(), &low[1]);
  EXPECT_EQ(subject.drain(), 2U);
}

/// The law of ageing: whatever is pushed above, the front item of each level runs within K * (Levels - 1) takes.
template <class P>
void expect_the_bound_holds() {
  constexpr std::size_t bound = P::age * (P::levels - 1);
  bench<P> subject(1);
  items busy(P::levels * 2);
  std::vector<std::size_t> waited(P::levels, 0);
  std::vector<std::size_t> worst(P::levels, 0);
  for (std::size_t i = 0; i < busy.size(); ++i) {
    subject.at(0).push(busy[i], level{static_cast<std::uint8_t>(i % P::levels)});
  }
  for (int step = 0; step < 10'000; ++step) {
    tenon::work* const item = subject.at(0).next();
    ASSERT_NE(item, nullptr);
    const auto which =
        static_cast<std::size_t>(static_cast<tenon::laws::counted_work*>(item) - busy.data()) % P::levels;
    for (std::size_t i = 0; i < P::levels; ++i) waited[i] = i == which ? 0 : waited[i] + 1;
    for (std::size_t i = 0; i < P::levels; ++i) worst[i] = std::max(worst[i], waited[i]);
    subject.at(0).push(*item, level{static_cast<std::uint8_t>(which)});
  }
  for (std::size_t i = 0; i < P::levels; ++i) EXPECT_LE(worst[i], bound) << "level " << i;
  EXPECT_LE(worst[0], 1U) << "the first level waits for one aged turn, not for two";
  while (subject.take(0) != nullptr) {
  }
}

TEST(priority, no_level_starves) {
  expect_the_bound_holds<three_levels>();
  expect_the_bound_holds<quick_to_age>();
  expect_the_bound_holds<tenon::priority<2, tenon::ageing<2>>>();
}

TEST(priority, neither_a_workers_own_items_nor_those_from_outside_keep_a_level_for_themselves) {
  constexpr std::size_t bound = 2 * three_levels::age * (three_levels::levels - 1);
  bench<three_levels> subject(1);
  items busy(4);  // three at the first level and one at the last
  items outside(400);
  for (std::size_t i = 0; i < busy.size(); ++i)
    subject.at(0).push(busy[i], level{static_cast<std::uint8_t>(i < 3 ? 0 : 2)});
  for (auto& each : outside) subject.all.inject(each, level{2});
  std::size_t mine = 0;
  std::size_t theirs = 0;
  std::size_t came = 0;
  while (came < outside.size()) {
    tenon::work* const item = subject.at(0).next();
    ASSERT_NE(item, nullptr);
    const bool is_busy = &busy.front() <= item && item <= &busy.back();
    mine = item == &busy[3] ? 0 : mine + 1;
    theirs = is_busy ? theirs + 1 : 0;
    ASSERT_LE(mine, bound);
    ASSERT_LE(theirs, bound);
    if (!is_busy) {
      ASSERT_EQ(item, &outside[came++]);
    } else {
      subject.at(0).push(*item, level{static_cast<std::uint8_t>(item == &busy[3] ? 2 : 0)});
    }
  }
}

TEST(priority, a_level_that_overflowed_goes_back_to_its_own_queue_once_it_is_dry) {
  tenon::laws::bench<three_levels, tenon::single_thread> subject(1);  // whose rings do not grow
  items many(300);                                                    // more than a ring holds
  tenon::laws::counted_work other;
  subject.at(0).push(other, level{2});  // so that the worker never runs out of work
  for (auto& each : many) subject.at(0).push(each, level{1});
  EXPECT_FALSE(subject.all.row(1).injected().empty());
  for (std::size_t left = many.size(); left > 0;) {
    tenon::work* const item = subject.at(0).next();
    ASSERT_NE(item, nullptr);
    if (item == &other) {
      subject.at(0).push(other, level{2});
    } else {
      --left;
    }
  }
  EXPECT_EQ(subject.at(0).next(), &other);
  subject.at(0).push(many[0], level{1});
  EXPECT_TRUE(subject.all.row(1).injected().empty());
  EXPECT_EQ(subject.at(0).next(), &many[0]);
}

struct agenda : tenon::runtime<tenon::none, three_levels, tenon::single_thread> {
  using runtime::runtime;
};
struct crew : tenon::runtime<tenon::epoll, three_levels> {
  using runtime::runtime;
};

task<void> write_down(std::string* into, char what, int times) {
  for (int i = 0; i < times; ++i) {
    *into += what;
    co_await tenon::yield();
  }
}

TEST(priority, a_task_waits_at_the_level_that_it_carries) {
  std::string order;
  agenda rt;
  rt.run([](agenda& of, std::string* into) -> task<void> {
    tenon::scope all{of};
    all.spawn(tenon::context_for<agenda>(level{2}), write_down, into, 'c', 3);
    all.spawn(write_down, into, 'b', 3);
    all.spawn(tenon::context_for<agenda>(level{0}), write_down, into, 'a', 3);
    co_await all.join();
  }(rt, &order));
  EXPECT_EQ(order, "aaabbbccc");
}

TEST(priority, a_wait_ends_at_the_level_of_its_task) {
  std::string order;
  agenda rt;
  rt.run([](agenda& of, std::string* into) -> task<void> {
    tenon::scope all{of};
    const auto late = [](std::string* out, char what) -> task<void> {
      (void)co_await tenon::sleep_for(1ms);
      *out += what;
    };
    all.spawn(tenon::context_for<agenda>(level{2}), late, into, 'c');
    all.spawn(late, into, 'b');
    all.spawn(tenon::context_for<agenda>(level{0}), late, into, 'a');
    co_await tenon::yield();
    co_await tenon::yield();
    co_await tenon::yield();  // all of them sleep
    const auto busy_until = std::chrono::steady_clock::now() + 20ms;
    while (std::chrono::steady_clock::now() < busy_until) {
    }
    co_await all.join();  // and have all come due in one turn
  }(rt, &order));
  EXPECT_EQ(order, "abc");
}

TEST(priority, a_level_ends_with_the_task_it_was_given_to) {
  std::string order;
  agenda rt;
  rt.run([](agenda& of, std::string* into) -> task<void> {
    tenon::scope all{of};
    all.spawn(write_down, into, 'b', 4);
    co_await tenon::with_context<agenda>(write_down(into, 'a', 2), level{0});
    const level mine = co_await tenon::this_task::slot<level>();
    EXPECT_EQ(mine, level{});
    for (int i = 0; i < 2; ++i) {
      *into += 'm';
      co_await tenon::yield();
    }
    co_await all.join();
  }(rt, &order));
  EXPECT_EQ(order, "aambmbbb");
}

/// The lowest level goes on while others keep every worker busy at the highest.
TEST(priority, the_lowest_progresses_under_full_load_of_the_highest) {
  crew rt{{.threads = 2}};
  std::atomic<bool> over{false};
  std::atomic<long> high{0};
  const long low = rt.run([](crew& of, std::atomic<bool>* end, std::atomic<long>* count) -> task<long> {
    tenon::scope all{of};
    for (int i = 0; i < 4; ++i) {
      all.spawn(
          tenon::context_for<crew>(level{0}),
          [](std::atomic<bool>* stop, std::atomic<long>* ran) -> task<void> {
            while (!stop->load()) {
              ++*ran;
              co_await tenon::yield();
            }
          },
          end, count);
    }
    auto crawl = [](std::atomic<long>* ran) -> task<long> {
      const long begun = *ran;
      for (int i = 0; i < 100; ++i) co_await tenon::yield();
      co_return *ran - begun;
    };
    const long while_it_ran = co_await tenon::with_context<crew>(crawl(count), level{2});
    *end = true;
    co_await all.join();
    co_return while_it_ran;
  }(rt, &over, &high));
  // 100 turns at the lowest level: each waits for age * (levels - 1) = 32 others on its worker, of which there are two.
  // A thief may take it to the other worker's queue, where it waits again.
  EXPECT_GT(low, 0);
  EXPECT_LE(low, 100 * 32 * 2 * 4);
}

/// Two items that come while one worker is about to lie down and the other sleeps: whoever runs the first must not keep
/// the second to itself. The first waits for the second, on the other worker.
template <class R>
void expect_nobody_sleeps_while_work_waits() {
  R rt{{.threads = 2}};
  std::thread runs([&rt] { rt.run(); });
  while (rt.state() != tenon::phase::running) std::this_thread::yield();
  int alone = 0;
  unsigned seed = 7;
  for (int round = 1; round <= 10'000 && alone == 0; ++round) {
    std::atomic<int> done{0};
    std::atomic<bool> waited_in_vain{false};
    EXPECT_TRUE(rt.post([&done] { ++done; }));
    while (done.load() != 1) {
    }
    seed = seed * 1'664'525U + 1'013'904'223U;
    for (std::atomic<unsigned> left = (seed >> 20) % 2'000; left.load(std::memory_order_relaxed) > 0;) --left;
    std::atomic<bool> second{false};
    EXPECT_TRUE(rt.post([&] {
      const auto limit = std::chrono::steady_clock::now() + 5s;
      while (!second.load() && !waited_in_vain.load()) waited_in_vain = std::chrono::steady_clock::now() > limit;
      ++done;
    }));
    EXPECT_TRUE(rt.post([&] {
      second = true;
      ++done;
    }));
    while (done.load() != 3) {
    }
    if (waited_in_vain.load()) ++alone;
  }
  EXPECT_EQ(alone, 0);
  rt.request_stop();
  runs.join();
}

TEST(priority, nobody_sleeps_while_work_waits) {
  expect_nobody_sleeps_while_work_waits<tenon::runtime<tenon::none, three_levels>>();
}
TEST(fifo, nobody_sleeps_while_work_waits) {
  expect_nobody_sleeps_while_work_waits<tenon::runtime<tenon::none, tenon::fifo>>();
}

}  // namespace
