// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/schedule_on.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/affinity.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/timeout.hpp>
#include <tenon/task/when_all.hpp>
#include <tenon/task/yield.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "laws/scheduler.hpp"

namespace {

using namespace std::chrono_literals;
using tenon::task;

INSTANTIATE_TYPED_TEST_SUITE_P(affinity, scheduler_laws, tenon::affinity<>);

using evened = tenon::affinity<tenon::overflowing<4>>;
INSTANTIATE_TYPED_TEST_SUITE_P(affinity_overflowing, scheduler_laws, evened);

static_assert(tenon::scheduling_policy<tenon::affinity<>>);
static_assert(tenon::scheduling_policy<evened> && !evened::shares);
static_assert(tenon::affinity<>::word == tenon::fixed_string("affinity<>"));
static_assert(evened::word == tenon::fixed_string("affinity<overflowing<4>>"));

static_assert(!tenon::affinity<>::shares);

TEST(affinity, sends_new_tasks_round_the_workers) {
  tenon::laws::bench<tenon::affinity<>, tenon::multi_thread> subject(3);
  std::vector<tenon::laws::counted_work> many(9);
  std::vector<std::size_t> seen;
  for (auto& each : many) seen.push_back(subject.all.inject(each));
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(subject.drain(), many.size());
}

using evened_bench = tenon::laws::bench<evened, tenon::multi_thread>;
using items = std::vector<tenon::laws::counted_work>;

TEST(affinity_overflowing, goes_round_the_workers_while_few_wait) {
  evened_bench subject(3);
  items many(12);
  for (std::size_t i = 0; i < many.size(); ++i) EXPECT_EQ(subject.all.inject(many[i]), i % 3);
  EXPECT_EQ(subject.drain(), many.size());
}

TEST(affinity_overflowing, a_new_task_passes_a_long_queue) {
  evened_bench subject(3);
  items busy(6);
  items more(10);
  for (auto& each : busy) subject.at(0).push(each);
  std::vector<std::size_t> seen;
  for (auto& each : more) seen.push_back(subject.at(0).start(each));
  EXPECT_EQ(seen, (std::vector<std::size_t>{1, 1, 2, 1, 1, 2, 2, 2, 2, 1})) << "4 each, and from then on the shortest";
  EXPECT_EQ(subject.drain(), busy.size() + more.size());
}

TEST(affinity_overflowing, one_that_is_taken_no_longer_waits) {
  evened_bench subject(2);
  items busy(5);
  tenon::laws::counted_work one;
  tenon::laws::counted_work other;
  for (auto& each : busy) subject.all.give(each, 0);
  EXPECT_EQ(subject.all.inject(one), 1U);
  EXPECT_EQ(subject.take(0), &busy[0]);
  EXPECT_EQ(subject.take(0), &busy[1]);
  EXPECT_EQ(subject.take(1), &one);
  EXPECT_EQ(subject.all.inject(other), 1U);
  EXPECT_EQ(subject.all.inject(one), 0U) << "three wait there";
  EXPECT_EQ(subject.drain(), 5U);
}

/// What is bound to a worker goes there, and in order, however long its queue is.
TEST(affinity_overflowing, leaves_what_is_bound_where_it_belongs) {
  evened_bench subject(2);
  items bound(100);
  for (auto& each : bound) EXPECT_EQ(subject.all.give(each, 1), 1U);
  for (auto& each : bound) EXPECT_EQ(subject.take(1), &each);
  EXPECT_EQ(subject.take(1), nullptr);
}

/// One worker holds on to a long queue: what is new runs on the other, and what has a key waits.
TEST(affinity_overflowing, new_tasks_do_not_wait_for_a_worker_with_a_long_queue) {
  using R = tenon::runtime<tenon::epoll, evened>;
  R rt{{.threads = 2, .name = "test"}};
  rt.run([](R& on) -> task<void> {
    const std::uint64_t mine = tenon::key{0}.among(2) == 0 ? 0 : 1;  // a key of worker 0, where this task runs
    const std::thread::id here = std::this_thread::get_id();
    std::atomic<int> bound_here{0};
    std::atomic<int> free_elsewhere{0};
    tenon::scope all{on};
    const auto note = [](std::atomic<int>* count, std::thread::id where, bool is) -> task<void> {
      if ((std::this_thread::get_id() == where) == is) ++*count;
      co_return;
    };
    for (int i = 0; i < 50; ++i) all.spawn(tenon::key{mine}, note, &bound_here, here, true);
    for (int i = 0; i < 50; ++i) {
      const int before = free_elsewhere;
      all.spawn(note, &free_elsewhere, here, false);
      while (free_elsewhere == before) std::this_thread::yield();  // this worker runs nothing meanwhile
    }
    EXPECT_EQ(free_elsewhere, 50);
    EXPECT_EQ(bound_here, 0);
    co_await all.join();
    EXPECT_EQ(bound_here, 50);
  }(rt));
}

using bound = tenon::runtime<tenon::epoll, tenon::affinity<>>;

/// Everything a task can wait for leaves it on the worker it started on.
task<void> stays(bound* rt, std::atomic<int>* ended) {
  const std::thread::id home = std::this_thread::get_id();
  for (int i = 0; i < 20; ++i) {
    co_await tenon::yield();
    EXPECT_EQ(std::this_thread::get_id(), home) << "yield";
  }
  (void)co_await tenon::sleep_for(100us);
  EXPECT_EQ(std::this_thread::get_id(), home) << "sleep_for";
  const auto naps = []() -> task<void> { (void)co_await tenon::sleep_for(50us); };
  co_await tenon::when_all(naps(), naps(), naps());
  EXPECT_EQ(std::this_thread::get_id(), home) << "when_all";
  (void)co_await tenon::timeout(50us, []() -> task<void> { (void)co_await tenon::sleep_for(1h); }());
  EXPECT_EQ(std::this_thread::get_id(), home) << "timeout";
  tenon::scope others{*rt};
  for (int i = 0; i < 3; ++i) others.spawn(naps);
  co_await others.join();
  EXPECT_EQ(std::this_thread::get_id(), home) << "scope::join";
  ++*ended;
}

TEST(affinity, keeps_a_task_where_it_started) {
  for (int round = 0; round < 5; ++round) {
    bound rt{{.threads = 3, .name = "test"}};
    std::atomic<int> ended{0};
    rt.run([](bound* on, std::atomic<int>* count) -> task<void> {
      tenon::scope all{*on};
      for (int i = 0; i < 20; ++i) all.spawn(stays, on, count);
      co_await all.join();
    }(&rt, &ended));
    EXPECT_EQ(ended, 20);
  }
}

TEST(affinity, wakes_the_worker_that_a_task_was_sent_to) {
  for (int round = 0; round < 20; ++round) {
    bound rt{{.threads = 3, .name = "test"}};
    std::mutex mutex;
    std::set<std::thread::id> seen;
    rt.run([](bound* on, std::mutex* guard, std::set<std::thread::id>* into) -> task<void> {
      for (int i = 0; i < 6; ++i) {
        tenon::scope one{*on};
        one.spawn(
            [](std::mutex* m, std::set<std::thread::id>* ids) -> task<void> {
              const std::lock_guard lock(*m);
              ids->insert(std::this_thread::get_id());
              co_return;
            },
            guard, into);
        co_await one.join();
      }
    }(&rt, &mutex, &seen));
    EXPECT_EQ(seen.size(), 3U);
  }
}

task<void> notes_its_thread(std::mutex* mutex, std::map<std::uint64_t, std::set<std::thread::id>>* seen,
                            std::uint64_t key) {
  for (int i = 0; i < 3; ++i) {
    {
      const std::lock_guard hold(*mutex);
      (*seen)[key].insert(std::this_thread::get_id());
    }
    co_await tenon::yield();
  }
}

/// Whoever starts them, from wherever, and however busy the workers are: tasks of one key meet on one worker.
TEST(affinity, the_same_key_is_the_same_worker) {
  constexpr std::uint64_t keys = 40;
  bound rt{{.threads = 3}};
  std::mutex mutex;
  std::map<std::uint64_t, std::set<std::thread::id>> seen;
  rt.run([](bound& of, std::mutex* guard, auto* into) -> task<void> {
    std::thread outside([&] {
      for (std::uint64_t i = 0; i < 5 * keys; ++i) {
        EXPECT_TRUE(of.spawn(tenon::key{i % keys}, notes_its_thread, guard, into, i % keys));
      }
    });
    tenon::scope all{of};
    for (std::uint64_t i = 0; i < 5 * keys; ++i) {
      all.spawn(tenon::key{i % keys}, notes_its_thread, guard, into, i % keys);
      if (i % 7 == 0) co_await tenon::yield();
    }
    for (std::uint64_t i = 0; i < keys; ++i) {
      co_await tenon::schedule_on(of, tenon::key{i});
      const std::lock_guard hold(*guard);
      (*into)[i].insert(std::this_thread::get_id());
    }
    outside.join();
    co_await all.join();
  }(rt, &mutex, &seen));
  ASSERT_EQ(seen.size(), keys);
  std::set<std::thread::id> used;
  for (const auto& [key, threads] : seen) {
    EXPECT_EQ(threads.size(), 1U) << "key " << key;
    used.insert(threads.begin(), threads.end());
  }
  EXPECT_EQ(used.size(), 3U);
}

}  // namespace
