// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/affinity.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/timeout.hpp>
#include <tenon/task/when_all.hpp>
#include <tenon/task/yield.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
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

}  // namespace
