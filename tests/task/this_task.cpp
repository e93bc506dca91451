// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/when_any.hpp>

#include <gtest/gtest.h>

#include <stop_token>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::task;
namespace this_task = tenon::this_task;

task<std::stop_token> token_below(int levels) {
  if (levels > 0) co_return co_await token_below(levels - 1);
  co_return co_await this_task::stop_token();
}

TEST(this_task, has_the_token_of_the_one_that_awaits_it) {
  run_alone([](alone&) -> task<void> {
    const std::stop_token own = co_await this_task::stop_token();
    EXPECT_TRUE(own.stop_possible());
    EXPECT_TRUE(own == co_await token_below(5));
  });
}

TEST(this_task, is_not_asked_to_stop_at_first) {
  run_alone([](alone& rt) -> task<void> {
    const bool before = co_await this_task::stop_requested();
    EXPECT_FALSE(before);
    rt.request_stop();
    const bool after = co_await this_task::stop_requested();
    EXPECT_TRUE(after);
    EXPECT_TRUE((co_await this_task::stop_token()).stop_requested());
  });
}

TEST(this_task, knows_only_its_own_scope) {
  run_alone([](alone& rt) -> task<void> {
    const std::stop_token outer = co_await this_task::stop_token();
    tenon::scope inner{rt};
    std::stop_token seen;
    inner.spawn([](std::stop_token* into) -> task<void> { *into = co_await this_task::stop_token(); }, &seen);
    co_await inner.join();
    EXPECT_FALSE(outer == seen);
    inner.cancel();
    EXPECT_FALSE(outer.stop_requested());
  });
}

TEST(this_task, of_a_branch_can_be_stopped_alone) {
  run_alone([](alone&) -> task<void> {
    const std::stop_token outer = co_await this_task::stop_token();
    const auto won = co_await tenon::when_any(
        []() -> task<bool> {
          (void)co_await tenon::sleep_for(1h);
          co_return co_await this_task::stop_requested();
        }(),
        []() -> task<bool> { co_return co_await this_task::stop_requested(); }());
    EXPECT_EQ(won.index(), 1U);
    EXPECT_FALSE(std::get<1>(won));
    EXPECT_FALSE(outer.stop_requested());
  });
}

/// As an `if` in a coroutine with no local at all, which g++ 12 would skip were it not named first.
TEST(this_task, is_asked_in_a_loop) {
  const int turns = run_alone([](alone& rt) -> task<int> {
    int count = 0;
    for (;;) {
      const bool over = co_await this_task::stop_requested();
      if (over) break;
      if (++count == 10) rt.request_stop();
    }
    co_return count;
  });
  EXPECT_EQ(turns, 10);
}

}  // namespace
