// SPDX-License-Identifier: BSL-1.0
// Stages that another runtime's workers run.
#include <tenon/pipeline/fabric.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/stealing.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>

namespace {

using namespace std::chrono_literals;
using tenon::task;

struct near : tenon::runtime<tenon::epoll, tenon::fifo> {
  using runtime::runtime;
};
struct far : tenon::runtime<tenon::none, tenon::stealing<>> {
  using runtime::runtime;
};

// A runtime that runs until the test is over.
struct elsewhere {
  elsewhere() {
    while (rt.state() != tenon::phase::running) std::this_thread::yield();
  }
  ~elsewhere() {
    rt.request_stop();
    thread.join();
  }
  far rt{{.threads = 2}};
  std::thread thread{[this] { rt.run(); }};
};

template <class Fabric>
task<void> asks(Fabric* running, int from, int count, std::atomic<long>* sum) {
  for (int i = from; i < from + count; ++i) {
    const auto given = co_await running->submit(i);
    if (given) *sum += *given;
  }
}

TEST(domain, a_stage_runs_where_it_says_and_the_one_behind_it_at_home) {
  elsewhere other;
  near rt{{.threads = 1}};
  const auto is_at = [](const void* owner) {
    const tenon::loop* const here = tenon::detail::here().current;
    return here != nullptr && here->owner() == owner;
  };
  const void* const home = static_cast<near::runtime*>(&rt);
  const void* const away = static_cast<far::runtime*>(&other.rt);
  std::atomic<int> strays = 0;
  const auto stages = tenon::pipeline(
      tenon::stage<"far">([&](int x) { return strays += is_at(away) ? 0 : 1, x + 1; }, tenon::on(other.rt),
                          tenon::workers<2>, tenon::queue_of<4>),
      tenon::stage<"fused">([&](int x) { return strays += is_at(away) ? 0 : 1, x + 1; }, tenon::fused),
      tenon::stage<"near">([&](int x) { return strays += is_at(home) ? 0 : 1, x + 1; }, tenon::queue_of<2>),
      tenon::stage<"task">(
          [&](int x) -> task<int> {
            co_await tenon::sleep_for(1us);
            strays += is_at(away) ? 0 : 1;
            co_return x + 1;
          },
          tenon::workers<2>, tenon::on(other.rt), tenon::queue_of<2>),
      tenon::stage<"last">([&](int x) { return strays += is_at(home) ? 0 : 1, x; }, tenon::queue_of<2>));
  std::atomic<long> sum = 0;
  const auto main = [](near& self, const auto* plan, std::atomic<long>* into) -> task<void> {
    tenon::fabric running{self, *plan};
    tenon::scope all{self};
    for (int i = 0; i < 20; ++i) all.spawn(&asks<decltype(running)>, &running, i * 50, 50, into);
    co_await all.join();
    co_await running.drained();
    for (const auto& seen : running.stats()) {
      EXPECT_EQ(seen.in, 1000U);
      EXPECT_EQ(seen.out, 1000U);
    }
  };
  rt.run(main(rt, &stages, &sum));
  EXPECT_EQ(sum, 999 * 1000 / 2 + 4000);
  EXPECT_EQ(strays, 0);
}

TEST(domain, items_of_a_full_queue_wait_on_the_way_there_and_back) {
  elsewhere away;
  near home{{.threads = 1}};
  const auto stages =
      tenon::pipeline(tenon::stage<"a">([](int x) { return x; }, tenon::on(away.rt), tenon::queue_of<2>),
                      tenon::stage<"b">([](int x) { return x; }, tenon::queue_of<1>),
                      tenon::stage<"c">([](int x) { return x; }, tenon::on(away.rt), tenon::queue_of<1>));
  std::atomic<long> sum = 0;
  const auto main = [](near& self, const auto* plan, std::atomic<long>* into) -> task<void> {
    tenon::fabric running{self, *plan};
    tenon::scope all{self};
    for (int i = 0; i < 50; ++i) all.spawn(&asks<decltype(running)>, &running, 1, 20, into);
    co_await all.join();
    co_await running.drained();
  };
  home.run(main(home, &stages, &sum));
  EXPECT_EQ(sum, 50 * 210);
}

}  // namespace
