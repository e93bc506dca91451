// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/timeout.hpp>
#include <tenon/task/when_all.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::result;
using tenon::task;
using tenon::timeout;

task<int> gives_late(int value, tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  co_return value;
}
/// What an I/O operation does: a value in time, or operation_canceled when asked to stop.
task<result<int>> receives(int value, tenon::duration after) {
  const bool slept = co_await tenon::sleep_for(after);
  if (!slept) co_return std::errc::operation_canceled;
  co_return value;
}
task<void> fails_late(tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  throw std::runtime_error("late");
}

TEST(timeout, gives_what_comes_in_time) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    const result<int> r = co_await timeout(10s, gives_late(5, 1s));
    EXPECT_EQ(r.value(), 5);
    EXPECT_EQ(rt.now() - start, 1s) << "the timer is taken back, not waited for";
    const result<int> flat = co_await timeout(10s, receives(6, 1s));
    EXPECT_EQ(flat.value(), 6);
    const result<void> nothing = co_await timeout(1s, []() -> task<void> { co_return; }());
    EXPECT_TRUE(nothing);
    const result<void> good = co_await timeout(1s, []() -> task<result<void>> { co_return {}; }());
    EXPECT_TRUE(good);
  });
}

TEST(timeout, asks_what_is_late_to_stop) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    const result<int> flat = co_await timeout(1s, receives(6, 1h));
    EXPECT_EQ(flat.error(), std::errc::timed_out);
    EXPECT_EQ(rt.now() - start, 1s);
    const result<int> r = co_await timeout(1s, gives_late(5, 1h));
    EXPECT_EQ(r.error(), std::errc::timed_out);
    EXPECT_EQ(rt.now() - start, 2s);
    const result<void> nothing = co_await timeout(1s, []() -> task<void> { (void)co_await tenon::sleep_for(1h); }());
    EXPECT_EQ(nothing.error(), std::errc::timed_out);
  });
}

TEST(timeout, keeps_a_value_that_came_late_all_the_same) {
  run_alone([](alone&) -> task<void> {
    const auto stubborn = []() -> task<result<std::string>> {
      (void)co_await tenon::sleep_for(1h);  // cut short; and yet
      co_return std::string("received");
    };
    const result<std::string> kept = co_await timeout(1s, stubborn());
    EXPECT_EQ(kept.value(), "received") << "what was received is not lost";
    const auto breaks = []() -> task<result<std::string>> {
      (void)co_await tenon::sleep_for(1h);
      co_return std::errc::connection_reset;
    };
    const result<std::string> broken = co_await timeout(1s, breaks());
    EXPECT_EQ(broken.error(), std::errc::connection_reset);
  });
}

TEST(timeout, of_no_time_lets_a_ready_task_end) {
  run_alone([](alone&) -> task<void> {
    const result<int> ready = co_await timeout(0s, []() -> task<int> { co_return 1; }());
    EXPECT_EQ(ready.value(), 1);
    const result<int> late = co_await timeout(-1s, gives_late(1, 1s));
    EXPECT_EQ(late.error(), std::errc::timed_out);
  });
}

TEST(timeout, of_all_the_time_there_is) {
  run_alone([](alone&) -> task<void> {
    const result<int> r = co_await timeout(tenon::duration::max(), gives_late(5, 1h));
    EXPECT_EQ(r.value(), 5);
  });
}

TEST(timeout, lets_an_exception_out_in_time) {
  run_alone([](alone&) -> task<void> {
    bool caught = false;
    try {
      (void)co_await timeout(10s, fails_late(1s));
    } catch (const std::runtime_error&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
    const result<void> late = co_await timeout(1s, fails_late(10s));
    EXPECT_EQ(late.error(), std::errc::timed_out) << "the time was over first";
  });
}

TEST(timeout, gives_what_a_stop_request_from_above_made_of_it) {
  run_alone([](alone& rt) -> task<void> {
    tenon::scope inner{rt};
    int done = 0;
    inner.spawn(
        [](int* count) -> task<void> {
          const result<int> flat = co_await timeout(1h, receives(1, 2h));
          EXPECT_EQ(flat.error(), std::errc::operation_canceled);
          ++*count;
        },
        &done);
    inner.spawn(
        [](int* count) -> task<void> {
          const result<int> r = co_await timeout(1h, gives_late(3, 2h));
          EXPECT_EQ(r.value(), 3);
          ++*count;
        },
        &done);
    inner.spawn(
        [](int* count) -> task<void> {
          bool caught = false;
          try {
            (void)co_await timeout(1h, fails_late(2h));
          } catch (const std::runtime_error&) {
            caught = true;
          }
          EXPECT_TRUE(caught) << "the time was not over: nothing is swallowed";
          ++*count;
        },
        &done);
    (void)co_await tenon::sleep_for(1s);
    inner.cancel();
    co_await inner.join();
    EXPECT_EQ(done, 3);
  });
}

TEST(timeout, takes_an_awaitable_that_is_no_task) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    const result<bool> slept = co_await timeout(2s, tenon::sleep_for(1s));
    EXPECT_TRUE(slept.value());
    const result<bool> cut = co_await timeout(1s, tenon::sleep_for(1h));
    EXPECT_EQ(cut.error(), std::errc::timed_out);
    const auto both = co_await timeout(5s, tenon::when_all(gives_late(1, 1s), gives_late(2, 2s)));
    EXPECT_EQ(std::get<1>(both.value()), 2);
    const result<void> nothing = co_await timeout(1s, tenon::yield());
    EXPECT_TRUE(nothing);
    EXPECT_EQ(rt.now() - start, 4s);
  });
}

TEST(timeout, moves_its_value_and_destroys_it_once) {
  run_alone([](alone&) -> task<void> {
    const auto give = [](tenon::duration after) -> task<parcel> {
      parcel mine;
      (void)co_await tenon::sleep_for(after);
      mine.number = 5;
      co_return mine;
    };
    {
      const result<parcel> kept = co_await timeout(2s, give(1s));
      EXPECT_EQ(kept->number, 5);
      EXPECT_EQ(alive::count, 1);
      EXPECT_EQ(kept->inside.text, alive().text);
    }
    const result<parcel> late = co_await timeout(1s, give(2s));
    EXPECT_EQ(late.error(), std::errc::timed_out);
    const auto at_once = []() -> task<parcel> { co_return parcel{{}, 6}; };
    const result<parcel> ready = co_await timeout(1s, at_once());
    EXPECT_EQ(ready->number, 6);
    EXPECT_EQ(alive::count, 1);
    const auto pointer =
        co_await timeout(1s, []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); }());
    EXPECT_EQ(**pointer, 7);
  });
  EXPECT_EQ(alive::count, 0);
}

TEST(timeout, nests) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    const result<int> inner = co_await timeout(2s, timeout(1s, receives(1, 1h)));
    EXPECT_EQ(inner.error(), std::errc::timed_out);
    EXPECT_EQ(rt.now() - start, 1s);
    const result<int> outer = co_await timeout(1s, timeout(2s, receives(1, 1h)));
    EXPECT_EQ(outer.error(), std::errc::timed_out);
    EXPECT_EQ(rt.now() - start, 2s);
  });
}

/// The end and the time limit at the same moment, over and over.
template <class R>
task<void> close_calls(R& rt, std::atomic<int>* ended) {
  tenon::scope all{rt};
  for (int i = 0; i < 60; ++i) {
    all.spawn(
        [](int seed, std::atomic<int>* count) -> task<void> {
          for (int round = 0; round < 5; ++round) {
            const auto limit = std::chrono::microseconds((seed + round) % 6 * 10);
            const result<int> r = co_await timeout(limit, receives(1, 30us));
            EXPECT_TRUE(r.has_value() || r.error() == std::errc::timed_out ||
                        r.error() == std::errc::operation_canceled);
          }
          ++*count;
        },
        i, ended);
  }
  co_await all.join();
}

TEST(timeout, survives_close_calls) {
  for (int round = 0; round < rounds(30); ++round) {
    std::atomic<int> ended{0};
    run_with<crew>(3, close_calls<crew>, &ended);
    run_with<line>(2, close_calls<line>, &ended);
    run_with<bound>(3, close_calls<bound>, &ended);
    ASSERT_EQ(ended, 180);
  }
}

}  // namespace
