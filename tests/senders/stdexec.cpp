// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

// A program of its own: in it the door is open in every translation unit.
#if __has_include(<stdexec/execution.hpp>)
#define TENON_WITH_STDEXEC 1

#include <tenon/runtime/as_awaitable.hpp>
#include <tenon/runtime/senders.hpp>
#include <tenon/tenon.hpp>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

namespace {

using tenon::as_awaitable;
using tenon::task;
using namespace std::chrono_literals;

struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
struct bound : tenon::runtime<tenon::none, tenon::affinity<>> {
  using runtime::runtime;
};

static_assert(stdexec::scheduler<crew::scheduler>);
static_assert(stdexec::sender<crew::scheduler::sender>);
static_assert(stdexec::sender_in<crew::scheduler::sender, stdexec::env<>>);

/// A runtime that another thread runs as long as this lives.
class running {
 public:
  running() : runner_([this] { rt.run(); }) {}
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running() {
    rt.request_stop();
    runner_.join();
  }

  crew rt{{.threads = 2, .name = "test"}};

 private:
  std::thread runner_;
};

TEST(stdexec, sync_wait_takes_our_schedule) {
  running there;
  bool on_worker = false;
  auto work = stdexec::schedule(there.rt.get_scheduler()) | stdexec::then([&] {
                on_worker = there.rt.current() != nullptr;
                return 42;
              });
  const auto [value] = stdexec::sync_wait(std::move(work)).value();
  EXPECT_EQ(value, 42);
  EXPECT_TRUE(on_worker);
}

TEST(stdexec, its_algorithms_take_our_scheduler) {
  running there;
  const auto on = there.rt.get_scheduler();
  const auto here = [&there] { return there.rt.current() != nullptr; };
  auto started = stdexec::starts_on(on, stdexec::just(1) | stdexec::then([&](int n) { return here() ? n : -n; }));
  auto moved = stdexec::just(2) | stdexec::continues_on(on) | stdexec::then([&](int n) { return here() ? n : -n; });
  auto chosen = stdexec::schedule(on) | stdexec::let_value([&] { return stdexec::just(here() ? 3 : -3); });
  const auto [a, b, c] =
      stdexec::sync_wait(stdexec::when_all(std::move(started), std::move(moved), std::move(chosen))).value();
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 2);
  EXPECT_EQ(c, 3);
}

TEST(stdexec, a_stopped_runtime_gives_stopped) {
  crew rt{{.threads = 1}};
  rt.run([]() -> task<void> { co_return; }());
  const auto nothing = stdexec::sync_wait(stdexec::schedule(rt.get_scheduler()));
  EXPECT_FALSE(nothing.has_value());
}

TEST(stdexec, a_schedule_that_is_asked_to_stop_gives_stopped) {
  running there;
  stdexec::inplace_stop_source stop;
  stop.request_stop();
  auto asked = stdexec::schedule(there.rt.get_scheduler()) |
               stdexec::write_env(stdexec::prop(stdexec::get_stop_token, stop.get_token()));
  const auto nothing = stdexec::sync_wait(std::move(asked));
  EXPECT_FALSE(nothing.has_value());
}

TEST(stdexec, a_task_awaits_its_senders) {
  bound rt{{.threads = 2}};
  rt.run([](bound& self) -> task<void> {
    auto sum = stdexec::just(1, 2) | stdexec::then([](int a, int b) { return a + b; });
    const int three = co_await as_awaitable(std::move(sum));
    EXPECT_EQ(three, 3);
    const auto [number, text] = co_await as_awaitable(stdexec::just(4, std::string("four")));
    EXPECT_EQ(number, 4);
    EXPECT_EQ(text, "four");
    const auto stopped = co_await as_awaitable(stdexec::just_stopped());
    EXPECT_EQ(stopped.error(), std::errc::operation_canceled);
    const auto failed = co_await as_awaitable(stdexec::just_error(std::make_error_code(std::errc::no_link)));
    EXPECT_EQ(failed.error(), std::errc::no_link);
    auto throws = stdexec::just() | stdexec::then([]() -> int { throw std::runtime_error("no"); });
    std::string why;
    try {
      (void)co_await as_awaitable(std::move(throws));
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
    EXPECT_EQ(why, "no");
    const auto here = co_await as_awaitable(stdexec::schedule(self.get_scheduler()));
    EXPECT_TRUE(here);
  }(rt));
}

TEST(stdexec, a_task_awaits_work_on_another_runtime_and_goes_on_at_home) {
  running there;
  bound rt{{.threads = 2}};
  rt.run([](bound& self, crew& other) -> task<void> {
    for (int i = 0; i < 200; ++i) {
      const auto* const home = self.current();
      auto work = stdexec::starts_on(other.get_scheduler(), stdexec::just(i)) |
                  stdexec::then([&other](int n) { return other.current() != nullptr ? n : -1; });
      const auto value = co_await as_awaitable(std::move(work));
      EXPECT_EQ(value.value(), i);
      EXPECT_EQ(self.current(), home);
    }
  }(rt, there.rt));
}

TEST(stdexec, its_senders_see_the_stop_of_the_task) {
  bound rt{{.threads = 1}};
  bool asked = false;
  rt.run([](bound& self, bool* out) -> task<void> {
    tenon::scope all{self};
    all.spawn(
        [](bool* flag) -> task<void> {
          const auto token = co_await as_awaitable(stdexec::read_env(stdexec::get_stop_token));
          (void)co_await tenon::sleep_for(1h);
          *flag = token.stop_requested();
        },
        out);
    co_await tenon::yield();
    all.cancel();
    co_await all.join();
  }(rt, &asked));
  EXPECT_TRUE(asked);
}

// stdexec takes whatever can be awaited for a sender, and so a task.
TEST(stdexec, a_task_is_a_sender) {
  running there;
  const auto body = [](crew& rt) -> task<int> {
    (void)co_await tenon::sleep_for(1ms);
    co_return rt.current() != nullptr ? 42 : 0;
  };
  const auto [value] = stdexec::sync_wait(stdexec::starts_on(there.rt.get_scheduler(), body(there.rt))).value();
  EXPECT_EQ(value, 42);
}

}  // namespace

#else

TEST(stdexec, senders) { GTEST_SKIP() << "<stdexec/execution.hpp> is not on the include path"; }

#endif
