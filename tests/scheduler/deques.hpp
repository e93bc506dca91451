// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/none.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/stealing.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/yield.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "laws/scheduler.hpp"

/// What holds for each stealing<...> with an option, on a runtime.
template <class P>
class newest_first : public testing::Test {};
TYPED_TEST_SUITE_P(newest_first);

/// A task that yields lets everything else go first, though the newest is the next otherwise.
TYPED_TEST_P(newest_first, a_task_that_yields_lets_the_others_go_first) {
  using crew = tenon::runtime<tenon::none, TypeParam, tenon::counters>;
  crew rt{{.threads = 1, .name = "test"}};
  std::string order;
  rt.run([](crew* on, std::string* into) -> tenon::task<void> {
    tenon::scope all{*on};
    for (char name = 'a'; name < 'f'; ++name) {
      all.spawn(
          [](std::string* out, char what) -> tenon::task<void> {
            *out += what;
            co_return;
          },
          into, name);
    }
    co_await tenon::yield();
    *into += '!';
    co_await all.join();
  }(&rt, &order));
  EXPECT_EQ(order.size(), 6U);
  EXPECT_EQ(order.back(), '!') << order;
}

TYPED_TEST_P(newest_first, spreads_a_tree_of_tasks_and_runs_each_once) {
#if defined(TENON_LAWS_SANITIZED)
  constexpr int rounds = 5;
#else
  constexpr int rounds = 20;
#endif
  using crew = tenon::runtime<tenon::none, TypeParam, tenon::counters>;
  struct grow {
    static tenon::task<void> tree(crew* on, int depth, std::atomic<int>* leaves) {
      if (depth == 0) {
        ++*leaves;
        co_return;
      }
      tenon::scope below{*on};
      for (int i = 0; i < 3; ++i) below.spawn(tree, on, depth - 1, leaves);
      if (depth % 2 == 0) co_await tenon::yield();
      co_await below.join();
    }
  };
  for (int round = 0; round < rounds; ++round) {
    crew rt{{.threads = 1 + static_cast<std::size_t>(round) % 4, .name = "test"}};
    std::atomic<int> leaves{0};
    rt.run(grow::tree(&rt, 6, &leaves));
    ASSERT_EQ(leaves, 729);
  }
}

/// Bursts with rests in between, each of tasks that need two workers at once: a wake-up that is lost, or an item that
/// nobody sees, would leave one waiting for ever.
TYPED_TEST_P(newest_first, wakes_sleepers_for_each_burst) {
#if defined(TENON_LAWS_SANITIZED)
  constexpr int bursts = 20;
#else
  constexpr int bursts = 200;
#endif
  using crew = tenon::runtime<tenon::none, TypeParam, tenon::counters>;
  crew rt{{.threads = 4, .name = "test"}};
  rt.run([](crew* on, int times) -> tenon::task<void> {
    for (int burst = 0; burst < times; ++burst) {
      std::atomic<int> met{0};
      tenon::scope all{*on};
      for (int i = 0; i < 2; ++i) {
        all.spawn(
            [](std::atomic<int>* both) -> tenon::task<void> {
              ++*both;
              while (both->load() != 2) std::this_thread::yield();
              co_return;
            },
            &met);
      }
      co_await all.join();
      if (burst % 3 == 0) (void)co_await tenon::sleep_for(std::chrono::microseconds(burst));
    }
  }(&rt, bursts));
}

TYPED_TEST_P(newest_first, runs_all_that_threads_outside_post) {
  using crew = tenon::runtime<tenon::none, TypeParam, tenon::counters>;
  constexpr int each_posts = 5'000;
  crew rt{{.threads = 3, .name = "test"}};
  std::atomic<int> ran{0};
  std::thread runs([&rt] { rt.run(); });
  while (rt.state() != tenon::phase::running) std::this_thread::yield();
  std::vector<std::thread> outside;
  for (int t = 0; t < 2; ++t) {
    outside.emplace_back([&] {
      for (int i = 0; i < each_posts; ++i) EXPECT_TRUE(rt.post([&ran] { ++ran; }));
    });
  }
  for (std::thread& each : outside) each.join();
  while (ran.load() != 2 * each_posts) std::this_thread::yield();
  rt.request_stop();
  runs.join();
}

REGISTER_TYPED_TEST_SUITE_P(newest_first, a_task_that_yields_lets_the_others_go_first,
                            spreads_a_tree_of_tasks_and_runs_each_once, wakes_sleepers_for_each_burst,
                            runs_all_that_threads_outside_post);

namespace tenon_test {

/// A worker that is stuck in one task loses all others to a thief.
template <class P>
void expect_nothing_lies_behind_a_long_task() {
  using crew = tenon::runtime<tenon::none, P, tenon::counters>;
  for (int round = 0; round < 20; ++round) {
    crew rt{{.threads = 2, .name = "test"}};
    std::atomic<int> others{0};
    rt.run([](crew* on, std::atomic<int>* count) -> tenon::task<void> {
      tenon::scope all{*on};
      for (int i = 0; i < 40; ++i) {
        all.spawn(
            [](std::atomic<int>* ran) -> tenon::task<void> {
              ++*ran;
              co_return;
            },
            count);
      }
      while (count->load() != 40) std::this_thread::yield();  // this worker runs none of them
      co_await all.join();
    }(&rt, &others));
    EXPECT_EQ(others, 40);
    EXPECT_GE(rt.report().all.tasks_stolen, 1U);
  }
}

/// One owner whose deque begins with four slots, and two thieves.
template <class Deque>
void expect_each_once_while_it_grows() {
#if defined(TENON_LAWS_SANITIZED)
  constexpr std::size_t count = 20'000;
#else
  constexpr std::size_t count = 200'000;
#endif
  std::vector<tenon::laws::counted_work> many(count);
  Deque own;
  std::atomic<std::size_t> ran{0};
  const auto run = [&ran](tenon::work* item) {
    static_cast<tenon::laws::counted_work*>(item)->runs.fetch_add(1, std::memory_order_relaxed);
    ran.fetch_add(1);
  };
  std::vector<std::thread> thieves;
  for (int t = 0; t < 2; ++t) {
    thieves.emplace_back([&] {
      Deque mine;
      while (ran.load() != count) {
        tenon::work* first = nullptr;
        if (own.steal_into(mine, first) != 0) run(first);
        while (tenon::work* const item = mine.pop()) run(item);
      }
    });
  }
  std::size_t next = 0;
  while (next < count) {
    for (std::size_t i = 0; i < 100 + next % 1'000 && next < count; ++i) ASSERT_TRUE(own.push(many[next++]));
    for (std::size_t i = 0; i < 50; ++i) {
      if (tenon::work* const item = own.pop()) run(item);
    }
  }
  while (ran.load() != count) {
    if (tenon::work* const item = own.pop()) run(item);
  }
  for (std::thread& each : thieves) each.join();
  for (const auto& each : many) ASSERT_EQ(each.runs, 1);
  EXPECT_TRUE(own.empty());
}

}  // namespace tenon_test
