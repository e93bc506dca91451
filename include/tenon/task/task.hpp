// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>

#include <cassert>
#include <coroutine>
#include <utility>

namespace tenon {

namespace detail {
template <class>
class branch;
}  // namespace detail

/// A lazy coroutine that gives a T to the one coroutine that awaits it.
///
///     tenon::task<int> answer() { co_return 42; }
///     tenon::task<int> twice() {
///       const int once = co_await answer();
///       co_return once * 2;
///     }
///
/// Shape         One pointer. T may be void, a reference, or any movable type.
/// Cost          One frame, from the memory policy of the worker that calls it; starting and ending it are symmetric
///               transfers. After 1024 starts in a row (128 in a build without optimisation) the chain goes on from
///               the worker's ready queue.
/// Threads       One at a time; it may start on one worker and end on another.
/// Errors        An exception that leaves the body comes out of `co_await`.
/// Cancellation  It inherits the environment of the coroutine that awaits it. Destroying a task that has not started
///               frees it; destroying one that has started and not ended is a mistake and asserts.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited, spawned or run")]] task {
 public:
  using value_type = T;

  struct promise_type : detail::returning<T> {
    [[nodiscard]] task get_return_object() noexcept {
      return task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
    [[nodiscard]] static detail::final_awaiter final_suspend() noexcept { return {}; }
  };

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~task() { destroy(); }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> child) noexcept : child_(child) {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
      return start(parent, *detail::environment_of(parent));
    }
    /// The same in an environment that is not the parent's.
    [[nodiscard]] std::coroutine_handle<> start(std::coroutine_handle<> parent, const environment& env) noexcept {
      assert(child_ && !child_.done() && "the task was moved from, or awaited before");
      child_.promise().continuation = parent;
      child_.promise().env = &env;
      return detail::promise_base::enter(child_.promise());
    }
    [[nodiscard]] T await_resume() { return child_.promise().result.take(); }

   private:
    std::coroutine_handle<promise_type> child_;
  };

  [[nodiscard]] awaiter operator co_await() && noexcept { return awaiter(handle_); }

 private:
  friend detail::branch<T>;

  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  void destroy() noexcept {
    if (!handle_) return;
    assert((handle_.done() || !handle_.promise().continuation) && "the task has started and not ended");
    handle_.destroy();
  }

  std::coroutine_handle<promise_type> handle_;
};

static_assert(sizeof(task<int>) == sizeof(void*));

}  // namespace tenon
