// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/soon.hpp>

#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace {

struct subject : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread> {};

tenon::task<std::unique_ptr<int>> made_late(int value) {
  co_await tenon::yield();
  co_return std::make_unique<int>(value);
}

tenon::http::soon<std::unique_ptr<int>> made(int value, bool late) {
  if (late) return tenon::http::soon(made_late(value));
  return tenon::http::soon(std::make_unique<int>(value));
}

TEST(soon, gives_what_is_there_without_suspending_and_what_a_task_gives) {
  EXPECT_TRUE(made(1, false).await_ready());
  EXPECT_FALSE(made(1, true).await_ready()) << "and a task that nobody awaits is thrown away";
  subject rt;
  const int sum = rt.run([]() -> tenon::task<int> {
    const auto now = co_await made(40, false);
    const auto then = co_await made(2, true);
    co_return *now + *then;
  }());
  EXPECT_EQ(sum, 42);
}

}  // namespace
