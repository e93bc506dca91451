// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/when_any_of_many.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::task;
using tenon::when_any;

task<int> gives_late(int value, tenon::duration after) {
  const bool slept = co_await tenon::sleep_for(after);
  co_return slept ? value : -1;
}
task<int> fails_late(const char* why, tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  throw std::runtime_error(why);
}
task<void> counts_its_end(tenon::duration after, int* ended) {
  (void)co_await tenon::sleep_for(after);
  ++*ended;
}

TEST(when_any_of_many, the_first_to_end_wins) {
  run_alone([](alone& rt) -> task<void> {
    std::vector<task<int>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(gives_late(i, i == 6 ? 1s : 1h));
    const auto begin = rt.now();
    const auto first = co_await when_any(std::move(tasks));
    EXPECT_EQ(first.index, 6U);
    EXPECT_EQ(first.value, 6);
    EXPECT_EQ(rt.now() - begin, 1s) << "the others were asked to stop";
  });
}

TEST(when_any_of_many, all_have_ended_when_it_does) {
  int ended = 0;
  run_alone(
      [](alone&, int* count) -> task<void> {
        std::vector<task<void>> tasks;
        for (int i = 0; i < 5; ++i) tasks.push_back(counts_its_end(i == 0 ? 1s : 1h, count));
        const auto first = co_await when_any(std::move(tasks));
        EXPECT_EQ(first.index, 0U);
        EXPECT_EQ(*count, 5);
      },
      &ended);
}

TEST(when_any_of_many, of_one) {
  run_alone([](alone&) -> task<void> {
    std::vector<task<std::unique_ptr<int>>> tasks;
    tasks.push_back([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); }());
    auto first = co_await when_any(std::move(tasks));
    const std::unique_ptr<int> taken = std::move(first.value);
    EXPECT_EQ(*taken, 3);
  });
}

TEST(when_any_of_many, of_none_is_an_error) {
  run_alone([](alone&) -> task<void> {
    std::vector<task<int>> none;
    std::error_code why;
    try {
      (void)co_await when_any(std::move(none));
    } catch (const std::system_error& error) {
      why = error.code();
    }
    EXPECT_EQ(why, std::errc::invalid_argument);
  });
}

TEST(when_any_of_many, the_exception_of_the_winner_leaves_and_that_of_a_loser_does_not) {
  run_alone([](alone&) -> task<void> {
    std::vector<task<int>> tasks;
    tasks.push_back(fails_late("late", 1h));
    tasks.push_back(fails_late("first", 1s));
    std::string why;
    try {
      (void)co_await when_any(std::move(tasks));
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
    EXPECT_EQ(why, "first");
    std::vector<task<int>> others;
    others.push_back(fails_late("dropped", 1h));
    others.push_back(gives_late(5, 1s));
    const auto first = co_await when_any(std::move(others));
    EXPECT_EQ(first.value, 5);
  });
}

TEST(when_any_of_many, a_stop_from_above_reaches_them_all) {
  run_alone([](alone& rt) -> task<void> {
    const auto begin = rt.now();
    tenon::scope all{rt};
    int seen = 0;
    all.spawn(
        [](int* out) -> task<void> {
          std::vector<task<int>> tasks;
          for (int i = 0; i < 3; ++i) tasks.push_back(gives_late(i, 1h));
          const auto first = co_await when_any(std::move(tasks));
          *out = first.value;
        },
        &seen);
    (void)co_await tenon::sleep_for(1s);
    all.cancel();
    co_await all.join();
    EXPECT_EQ(seen, -1);
    EXPECT_EQ(rt.now() - begin, 1s);
  });
}

TEST(when_any_of_many, on_many_workers) {
  run_with<crew>(4, [](crew&) -> task<void> {
    for (int round = 0; round < rounds(200); ++round) {
      std::vector<task<int>> tasks;
      for (int i = 0; i < 8; ++i) {
        tasks.push_back([](int value) -> task<int> {
          co_await tenon::yield();
          co_return value;
        }(i));
      }
      const auto first = co_await when_any(std::move(tasks));
      EXPECT_EQ(static_cast<int>(first.index), first.value);
    }
  });
}

}  // namespace
