// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/stealing.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/yield.hpp>
#include <tenon/topology/synthetic.hpp>
#include <tenon/topology/victim_order.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

#include "laws/scheduler.hpp"

namespace {

using namespace std::chrono_literals;
using tenon::task;

INSTANTIATE_TYPED_TEST_SUITE_P(stealing, scheduler_laws, tenon::stealing<>);

static_assert(tenon::scheduling_policy<tenon::stealing<>>);
static_assert(tenon::stealing<>::shares);

using bench = tenon::laws::bench<tenon::stealing<>, tenon::multi_thread>;

TEST(stealing, takes_the_older_half_of_another_queue) {
  bench subject(2);
  std::vector<tenon::laws::counted_work> many(10);
  for (auto& each : many) subject.at(0).push(each);
  EXPECT_EQ(subject.at(1).next(), nullptr) << "next() looks only at what is near";
  EXPECT_EQ(subject.at(1).find(), &many[0]);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(subject.at(1).next(), &many[i]);
  EXPECT_EQ(subject.at(1).next(), nullptr);
  for (std::size_t i = 5; i < 10; ++i) EXPECT_EQ(subject.at(0).next(), &many[i]);
}

TEST(stealing, counts_what_it_took) {
  bench subject(2);
  std::vector<tenon::laws::counted_work> many(10);
  for (auto& each : many) subject.at(0).push(each);
  (void)subject.at(1).find();
  EXPECT_EQ(subject.at(1).stolen(), 5U);
  EXPECT_EQ(subject.at(1).stolen(), 0U) << "since it was last asked";
  EXPECT_EQ(subject.at(0).stolen(), 0U);
  EXPECT_EQ(subject.drain(), 9U);
}

TEST(stealing, takes_what_comes_from_outside_in_batches) {
  bench subject(2);
  std::vector<tenon::laws::counted_work> many(100);
  for (auto& each : many) subject.all.inject(each);
  EXPECT_EQ(subject.at(0).find(), &many[0]);
  EXPECT_EQ(subject.at(0).next(), &many[1]) << "the first batch lies in its own queue now";
  EXPECT_EQ(subject.at(1).find(), &many[50]) << "and leaves half of it to the others";
  EXPECT_EQ(subject.drain(), 97U);
}

TEST(stealing, a_busy_worker_takes_what_comes_from_outside_in_turn_with_its_own) {
  bench subject(2);
  std::vector<tenon::laws::counted_work> own(40);
  std::vector<tenon::laws::counted_work> sent(40);
  for (auto& each : own) subject.at(0).push(each);
  for (int i = 0; i < 16; ++i) EXPECT_EQ(subject.at(0).next(), &own[static_cast<std::size_t>(i)]);
  EXPECT_FALSE(subject.at(0).published());
  for (auto& each : sent) subject.all.inject(each);
  EXPECT_EQ(subject.at(0).next(), &sent[0]) << "it has not looked for long";
  EXPECT_TRUE(subject.at(0).published()) << "others lie in its queue now";
  EXPECT_FALSE(subject.at(0).published()) << "which is told once";
  for (int i = 16; i < 23; ++i) EXPECT_EQ(subject.at(0).next(), &own[static_cast<std::size_t>(i)]);
  EXPECT_EQ(subject.at(0).next(), &sent[4]) << "three are behind its own";
  std::vector<const tenon::work*> order;
  while (const tenon::work* const item = subject.take(0)) order.push_back(item);
  ASSERT_EQ(order.size(), own.size() + sent.size() - 25);
  std::size_t from_outside = 0;
  std::size_t last = 0;
  for (const auto* item : order) {
    const auto* const at = static_cast<const tenon::laws::counted_work*>(item);
    if (at < sent.data() || at >= sent.data() + sent.size()) continue;
    ++from_outside;
    last = static_cast<std::size_t>(at - sent.data());
  }
  EXPECT_EQ(from_outside, sent.size() - 2);
  EXPECT_EQ(last, sent.size() - 1);
}

/// The workers of a machine of two nodes of four cores.
struct neighbours {
  using shared_type = tenon::stealing<>::shared<tenon::multi_thread>;

  shared_type all{8, tenon::synthetic<"node:2 core:4">::read()};
  std::vector<std::unique_ptr<tenon::stealing<>::local<tenon::multi_thread>>> locals;
  tenon::laws::counted_work of[8];  // one item a worker

  neighbours() {
    for (std::size_t i = 0; i < 8; ++i) {
      locals.push_back(std::make_unique<tenon::stealing<>::local<tenon::multi_thread>>(all, i));
    }
  }
};

TEST(stealing, takes_from_the_own_node_first_and_from_the_nearest_behind_itself) {
  for (std::size_t thief = 0; thief < 8; ++thief) {
    neighbours on;
    for (std::size_t i = 0; i < 8; ++i) {
      if (i != thief) on.locals[i]->push(on.of[i]);
    }
    const tenon::victim_order order(tenon::synthetic<"node:2 core:4">::read(), thief, 8);
    for (const std::size_t victim : order.all()) EXPECT_EQ(on.locals[thief]->find(), &on.of[victim]) << thief;
    EXPECT_EQ(on.locals[thief]->find(), nullptr);
    EXPECT_EQ(on.locals[thief]->stolen(), 7U);
  }
}

TEST(stealing, has_an_order_only_where_some_are_nearer) {
  using shared_type = neighbours::shared_type;
  EXPECT_NE(neighbours().all.victims_of(0), nullptr);
  EXPECT_EQ(shared_type(8).victims_of(0), nullptr);
  EXPECT_EQ(shared_type(8, tenon::synthetic<"core:8">::read()).victims_of(0), nullptr) << "one cluster";
  EXPECT_EQ(shared_type(4, tenon::synthetic<"node:2 core:4">::read()).victims_of(0), nullptr) << "all on one node";
  EXPECT_EQ(shared_type(1, tenon::synthetic<"node:2 core:4">::read()).victims_of(0), nullptr) << "nobody else";
  EXPECT_NE(shared_type(5, tenon::synthetic<"node:2 core:4">::read()).victims_of(4), nullptr);
}

static_assert(!std::is_constructible_v<neighbours::shared_type, std::size_t, std::size_t>);

using crew = tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::counters>;

/// A worker that is stuck in one task loses its others to a thief.
TEST(stealing, leaves_nothing_lying_behind_a_long_task) {
  for (int round = 0; round < 20; ++round) {
    crew rt{{.threads = 2, .name = "test"}};
    std::atomic<int> others{0};
    rt.run([](crew* on, std::atomic<int>* count) -> task<void> {
      tenon::scope all{*on};
      for (int i = 0; i < 10; ++i) {
        all.spawn(
            [](std::atomic<int>* ran) -> task<void> {
              ++*ran;
              co_return;
            },
            count);
      }
      while (count->load() != 10) std::this_thread::yield();  // this worker runs none of them
      co_await all.join();
    }(&rt, &others));
    EXPECT_EQ(others, 10);
    EXPECT_GE(rt.report().all.tasks_stolen, 1U);
  }
}

TEST(stealing, spreads_a_tree_of_tasks_and_runs_each_once) {
#if defined(TENON_LAWS_SANITIZED)
  constexpr int rounds = 5;
#else
  constexpr int rounds = 30;
#endif
  struct grow {
    static task<void> tree(crew* on, int depth, std::atomic<int>* leaves) {
      if (depth == 0) {
        ++*leaves;
        co_return;
      }
      tenon::scope below{*on};
      for (int i = 0; i < 3; ++i) below.spawn(tree, on, depth - 1, leaves);
      co_await below.join();
    }
  };
  for (int round = 0; round < rounds; ++round) {
    crew rt{{.threads = 2 + static_cast<std::size_t>(round) % 3, .name = "test"}};
    std::atomic<int> leaves{0};
    rt.run(grow::tree(&rt, 6, &leaves));
    ASSERT_EQ(leaves, 729);
  }
}

/// Bursts with rests in between: a wake-up that is lost would leave a task lying for ever.
TEST(stealing, wakes_sleepers_for_each_burst) {
#if defined(TENON_LAWS_SANITIZED)
  constexpr int bursts = 20;
#else
  constexpr int bursts = 200;
#endif
  crew rt{{.threads = 4, .name = "test"}};
  rt.run([](crew* on, int times) -> task<void> {
    for (int burst = 0; burst < times; ++burst) {
      std::atomic<int> met{0};
      tenon::scope all{*on};
      for (int i = 0; i < 2; ++i) {
        all.spawn(
            [](std::atomic<int>* both) -> task<void> {
              ++*both;
              while (both->load() != 2) std::this_thread::yield();  // needs two workers at once
              co_return;
            },
            &met);
      }
      co_await all.join();
      if (burst % 3 == 0) (void)co_await tenon::sleep_for(std::chrono::microseconds(burst));
    }
  }(&rt, bursts));
}

}  // namespace
