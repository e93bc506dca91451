// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/environment.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <stop_token>

namespace {

/// A coroutine that is not one of ours.
struct foreign {
  struct promise_type {
    foreign get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() {}
    static void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
foreign nothing() { co_return; }

/// One that carries an environment, as any promise may.
struct carrying {
  struct promise_type {
    carrying get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() {}
    static void unhandled_exception() { std::terminate(); }
    const tenon::environment* env = nullptr;
  };
  std::coroutine_handle<promise_type> handle;
};
carrying something() { co_return; }

TEST(environment, asks_nobody_to_stop_by_default) {
  const tenon::environment env;
  EXPECT_FALSE(env.stop.stop_possible());
}

TEST(environment, of_a_foreign_coroutine_is_the_empty_one) {
  const foreign other = nothing();
  const tenon::environment* const env = tenon::detail::environment_of(other.handle);
  ASSERT_NE(env, nullptr);
  EXPECT_FALSE(env->stop.stop_possible());
  other.handle.destroy();
}

TEST(environment, is_found_in_any_promise_that_has_one) {
  const std::stop_source source;
  const tenon::environment mine{source};
  const carrying one = something();
  one.handle.promise().env = &mine;
  EXPECT_EQ(tenon::detail::environment_of(one.handle), &mine);
  one.handle.destroy();
}

}  // namespace
