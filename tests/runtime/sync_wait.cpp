// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/sync_wait.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "ground.hpp"

namespace {

using namespace tenon_test;
using tenon::sync_wait;
using tenon::task;

struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>, counted> {
  using runtime::runtime;
};
struct bound : tenon::runtime<tenon::none, tenon::affinity<>, counted> {
  using runtime::runtime;
};

task<int> answer() { co_return 42; }
task<int> late_answer(tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  co_return 42;
}
task<int> fails() {
  co_await tenon::yield();
  throw std::runtime_error("no");
}

/// A runtime that another thread runs as long as this lives.
template <class Runtime>
class running {
 public:
  explicit running(std::size_t threads) : rt({.threads = threads, .name = "test"}), runner_([this] { rt.run(); }) {}
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running() {
    rt.request_stop();
    if (runner_.joinable()) runner_.join();
  }
  void stop() {
    rt.request_stop();
    runner_.join();
  }

  Runtime rt;

 private:
  std::thread runner_;
};

template <class Call>
std::error_code refusal_of(Call call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

TEST(sync_wait, gives_the_value_of_a_task_that_a_runtime_runs_elsewhere) {
  const books kept;
  running<crew> there(2);
  EXPECT_EQ(sync_wait(there.rt, answer()), 42);
  EXPECT_EQ(sync_wait(there.rt, late_answer(1ms)), 42);
  const auto only_moves = sync_wait(there.rt, []() -> task<std::unique_ptr<int>> {
    co_await tenon::yield();
    co_return std::make_unique<int>(7);
  }());
  EXPECT_EQ(*only_moves, 7);
  static int place = 0;
  int& same = sync_wait(there.rt, []() -> task<int&> { co_return place; }());
  EXPECT_EQ(&same, &place);
  bool ran = false;
  sync_wait(there.rt, [](crew& rt, bool& flag) -> task<void> {
    flag = rt.current() != nullptr;
    co_return;
  }(there.rt, ran));
  EXPECT_TRUE(ran) << "on a worker";
}

TEST(sync_wait, gives_the_exception) {
  const books kept;
  running<crew> there(2);
  EXPECT_THROW(sync_wait(there.rt, fails()), std::runtime_error);
  EXPECT_EQ(sync_wait(there.rt, answer()), 42) << "the runtime goes on";
}

// What the task keeps may refer to what the waiting thread owns, so all of it is gone when the wait is over.
TEST(sync_wait, the_frame_of_the_task_is_gone_when_it_returns) {
  running<crew> there(2);
  struct marks {
    explicit marks(std::atomic<bool>& flag) : gone(&flag) {}
    marks(marks&& other) noexcept : gone(std::exchange(other.gone, nullptr)) {}
    marks& operator=(marks&&) = delete;
    ~marks() {
      if (gone != nullptr) *gone = true;
    }
    std::atomic<bool>* gone;
  };
  for (int i = 0; i < rounds(300); ++i) {
    std::atomic<bool> gone{false};
    sync_wait(there.rt, [](marks) -> task<void> { co_await tenon::yield(); }(marks(gone)));
    EXPECT_TRUE(gone);
  }
}

TEST(sync_wait, from_many_threads_at_once) {
  const books kept;
  running<bound> there(2);
  std::atomic<int> sum{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < rounds(300); ++i) sum += sync_wait(there.rt, late_answer(i % 8 == 0 ? 10us : 0us));
    });
  }
  for (std::thread& each : callers) each.join();
  EXPECT_EQ(sum, 4 * rounds(300) * 42);
}

TEST(sync_wait, before_run_it_waits_for_it) {
  const books kept;
  crew rt{{.threads = 2}};
  std::atomic<int> seen{0};
  std::thread caller([&] {
    seen = sync_wait(rt, answer());
    rt.request_stop();
  });
  rt.run();
  caller.join();
  EXPECT_EQ(seen, 42);
}

TEST(sync_wait, a_drain_asks_the_task_to_stop_and_waits_for_it) {
  const books kept;
  running<crew> there(2);
  std::atomic<bool> waits{false};
  bool slept = true;
  std::thread caller([&] {
    slept = sync_wait(there.rt, [](std::atomic<bool>* flag) -> task<bool> {
      *flag = true;
      flag->notify_one();
      co_return co_await tenon::sleep_for(1h);
    }(&waits));
  });
  waits.wait(false);
  there.stop();
  caller.join();
  EXPECT_FALSE(slept);
}

TEST(sync_wait, a_stopped_runtime_refuses) {
  const books kept;
  running<crew> there(1);
  there.stop();
  bool ran = false;
  EXPECT_EQ(refusal_of([&] {
              sync_wait(there.rt, [](bool* flag) -> task<void> {
                *flag = true;
                co_return;
              }(&ran));
            }),
            std::errc::operation_canceled);
  EXPECT_FALSE(ran);
}

TEST(sync_wait, a_worker_of_the_runtime_is_refused) {
  crew rt{{.threads = 2}};
  const auto why = rt.run(
      [](crew& self) -> task<std::error_code> { co_return refusal_of([&] { (void)sync_wait(self, answer()); }); }(rt));
  EXPECT_EQ(why, std::errc::resource_deadlock_would_occur);
}

TEST(sync_wait, a_worker_of_another_runtime_waits) {
  running<crew> there(1);
  bound here{{.threads = 1}};
  const int seen = here.run([](crew& other) -> task<int> { co_return sync_wait(other, answer()); }(there.rt));
  EXPECT_EQ(seen, 42);
}

TEST(sync_wait, needs_no_runtime) {
  EXPECT_EQ(sync_wait(answer()), 42);
  EXPECT_EQ(sync_wait(late_answer(1ms)), 42);
  EXPECT_THROW((void)sync_wait(fails()), std::runtime_error);
  sync_wait([]() -> task<void> {
    const auto both = co_await tenon::when_all(answer(), late_answer(1ms));
    EXPECT_EQ(std::get<0>(both) + std::get<1>(both), 84);
    const auto in_time = co_await tenon::timeout(1ms, late_answer(1h));
    EXPECT_FALSE(in_time);
  }());
}

TEST(sync_wait, without_a_runtime_it_is_refused_on_a_worker) {
  crew rt{{.threads = 1}};
  const auto why = rt.run([]() -> task<std::error_code> { co_return refusal_of([] { (void)sync_wait(answer()); }); }());
  EXPECT_EQ(why, std::errc::resource_deadlock_would_occur);
}

// Its own runtime has one thread, but not the only one of the program.
TEST(sync_wait, the_task_may_go_to_another_runtime_and_end_there) {
  running<crew> there(2);
  for (int i = 0; i < rounds(200); ++i) {
    const bool on_its_worker = sync_wait([](crew& rt) -> task<bool> {
      co_await tenon::schedule_on(rt);
      (void)co_await tenon::sleep_for(1us);
      co_return rt.current() != nullptr;
    }(there.rt));
    EXPECT_TRUE(on_its_worker);
  }
}

TEST(sync_wait, a_task_of_a_runtime_may_end_on_another) {
  running<bound> away(1);
  for (int i = 0; i < rounds(50); ++i) {
    running<crew> there(1);
    const bool on_the_other = sync_wait(there.rt, [](bound& rt) -> task<bool> {
      co_await tenon::schedule_on(rt);
      co_return rt.current() != nullptr;
    }(away.rt));
    EXPECT_TRUE(on_the_other);
  }
}

}  // namespace
