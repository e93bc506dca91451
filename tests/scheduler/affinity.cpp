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

static_assert(tenon::scheduling_policy<tenon::affinity<>>);

static_assert(!tenon::affinity<>::shares);

TEST(affinity, sends_new_tasks_round_the_workers) {
  tenon::laws::bench<tenon::affinity<>, tenon::multi_thread> subject(3);
  std::vector<tenon::laws::counted_work> many(9);
  std::vector<std::size_t> seen;
  for (auto& each : many) seen.push_back(subject.all.inject(each));
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(subject.drain(), many.size());
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
