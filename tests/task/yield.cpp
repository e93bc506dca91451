// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <string>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::task;

task<void> writes(char mark, int times, std::string* text) {
  for (int i = 0; i < times; ++i) {
    text->push_back(mark);
    co_await tenon::yield();
  }
}

TEST(yield, lets_the_others_run_in_turn) {
  std::string text;
  run_alone(
      [](alone& rt, std::string* out) -> task<void> {
        tenon::scope both{rt};
        both.spawn(writes, 'a', 3, out);
        both.spawn(writes, 'b', 3, out);
        co_await both.join();
      },
      &text);
  EXPECT_EQ(text, "ababab");
}

TEST(yield, goes_on_when_there_is_nobody_else) {
  run_alone([](alone&) -> task<void> {
    for (int i = 0; i < 100'000; ++i) co_await tenon::yield();
  });
}

TEST(yield, does_not_stop_the_clock) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    for (int i = 0; i < 1'000; ++i) co_await tenon::yield();
    EXPECT_EQ(rt.now(), start) << "time passes only where there is nothing to run";
  });
}

template <class R>
task<void> crowd(R& rt, std::atomic<int>* ended) {
  tenon::scope all{rt};
  for (int i = 0; i < 100; ++i) {
    all.spawn(
        [](std::atomic<int>* count) -> task<void> {
          for (int turn = 0; turn < 50; ++turn) co_await tenon::yield();
          ++*count;
        },
        ended);
  }
  co_await all.join();
}

TEST(yield, loses_nobody_among_several_workers) {
  for (int round = 0; round < rounds(60); ++round) {
    std::atomic<int> ended{0};
    run_with<crew>(2 + static_cast<std::size_t>(round) % 3, crowd<crew>, &ended);
    run_with<line>(2 + static_cast<std::size_t>(round) % 3, crowd<line>, &ended);
    run_with<bound>(2 + static_cast<std::size_t>(round) % 3, crowd<bound>, &ended);
    ASSERT_EQ(ended, 300);
  }
}

}  // namespace
