// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/task/detail/branch.hpp>
#include <tenon/task/task.hpp>

#include <coroutine>
#include <exception>
#include <utility>

namespace tenon {

/// A task that runs beside the one that forked it: see `tenon::fork`.
///
/// Shape    It stays where it was made, in the frame of the coroutine that forked.
/// Errors   One that is destroyed before it was joined ends the program: its task could outlive what it refers to.
template <class T>
class [[nodiscard("a forked task is joined")]] forked {
  class joining {
   public:
    explicit joining(forked& which) noexcept : which_(which) {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
      which_.joined_ = true;
      auto& promise = which_.branch_.promise();
      if (which_.group_.retract()) {
        promise.group = nullptr;
        promise.continuation = parent;
        return detail::promise_base::enter(promise);
      }
      if (!which_.group_.meet()) return std::noop_coroutine();
      promise.continuation = parent;  // it has ended: going on with who waits for it counts, as an end does
      return promise.leave();
    }
    [[nodiscard]] T await_resume() { return which_.branch_.promise().result.take(); }

   private:
    forked& which_;
  };

 public:
  forked(detail::branch<T>&& body, std::coroutine_handle<> parent, const environment* env) noexcept
      : branch_(std::move(body)) {
    group_.expect(2, parent);
    branch_.join(group_, 0, env);
    group_.offer(branch_.promise());
  }
  forked(const forked&) = delete;
  forked& operator=(const forked&) = delete;
  ~forked() {
    if (!joined_) std::terminate();
  }

  /// Waits for it, and gives what it gave: `co_await child.join()`, once, in the coroutine that forked it.
  [[nodiscard]] joining join() noexcept { return joining(*this); }

 private:
  detail::branch_group group_;
  detail::branch<T> branch_;
  bool joined_ = false;
};

namespace detail {

template <class T>
class forking_off {
 public:
  explicit forking_off(task<T>&& body) noexcept : body_(std::move(body)) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    parent_ = parent;
    env_ = environment_of(parent);
    return false;
  }
  [[nodiscard]] forked<T> await_resume() noexcept { return forked<T>(std::move(body_), parent_, env_); }

 private:
  branch<T> body_;
  std::coroutine_handle<> parent_;
  const environment* env_ = nullptr;
};

}  // namespace detail

/// Makes a task ready to run beside the coroutine that awaits this, which goes on at once.
///
///     auto left = co_await tenon::fork(fib(n - 1));
///     const long right = co_await fib(n - 2);
///     co_return co_await left.join() + right;
///
/// Shape         A tenon::forked<T>. Joined in the order opposite to that of forking, children that nobody has stolen
///               cost least.
/// Cost          A few plain loads and stores where nobody steals; else one trip through a ready queue, and two atomic
///               decrements.
/// Threads       A worker of a runtime. Any worker that the scheduling allows runs the task; at the latest join() does,
///               or this worker when the coroutine that forked waits for something.
/// Errors        An exception of the task comes out of join().
/// Cancellation  The task inherits the environment of the coroutine that awaits.
template <class T>
[[nodiscard]] detail::forking_off<T> fork(task<T> body) noexcept {
  return detail::forking_off<T>(std::move(body));
}

}  // namespace tenon
