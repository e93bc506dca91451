// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>

#include <atomic>
#include <cassert>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <variant>

namespace tenon::detail {

/// How a result is kept beside others: void as std::monostate, a reference as a pointer.
template <class T>
struct stored {
  using type = T;
};
template <>
struct stored<void> {
  using type = std::monostate;
};
template <class T>
struct stored<T&> {
  using type = T*;
};
template <class T>
using stored_t = typename stored<T>::type;

/// What the branches of one when_all or when_any share.
///
/// Invariant  left = branches that have not ended. The one that brings it to zero resumes the parent; its acq_rel
///            decrement is behind all the others', so the parent sees every result.
class branch_group {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  void expect(std::size_t branches, std::coroutine_handle<> parent) noexcept {
    left_.store(branches, std::memory_order_relaxed);
    parent_ = parent;
  }
  /// A race: the first branch to end requests a stop of the others.
  void race(std::stop_source& losers) noexcept { losers_ = &losers; }

  [[nodiscard]] std::coroutine_handle<> ended(promise_base& promise, std::size_t index) noexcept {
    if (losers_ != nullptr) {
      std::size_t nobody = none;
      if (first_.compare_exchange_strong(nobody, index, std::memory_order_acq_rel)) losers_->request_stop();
    }
    if (left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return std::noop_coroutine();
    promise.continuation = parent_;
    return promise.leave();
  }
  [[nodiscard]] std::size_t first() const noexcept { return first_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::size_t> left_{0};
  std::atomic<std::size_t> first_{none};
  std::coroutine_handle<> parent_;
  std::stop_source* losers_ = nullptr;
};

/// One of several tasks that run side by side: a coroutine that awaits its task and counts itself out of the group.
template <class T>
class branch {
 public:
  struct promise_type : returning<T> {
    branch_group* group = nullptr;
    std::size_t index = 0;

    struct out {
      [[nodiscard]] static bool await_ready() noexcept { return false; }
      [[nodiscard]] static std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        return ended.promise().group->ended(ended.promise(), ended.promise().index);
      }
      static void await_resume() noexcept {}
    };

    [[nodiscard]] branch get_return_object() noexcept {
      return branch(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
    [[nodiscard]] static out final_suspend() noexcept { return {}; }
  };

  branch(branch&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  branch& operator=(branch&&) = delete;
  ~branch() {
    if (handle_) handle_.destroy();
  }

  /// Starts it now, in place of the coroutine that returns the handle.
  [[nodiscard]] std::coroutine_handle<> transfer(branch_group& group, std::size_t index,
                                                 const environment* env) noexcept {
    enter(group, index, env);
    return promise_base::enter(handle_.promise());
  }
  /// Starts it soon, on any worker that may run it.
  void schedule(branch_group& group, std::size_t index, const environment* env) noexcept {
    enter(group, index, env);
    loop* const current = here().current;
    assert(current != nullptr && "tenon::when_all and when_any are awaited on a worker of a runtime");
    current->schedule(promise_base::starting(handle_.promise()), *env);
  }

  [[nodiscard]] stored_t<T> take() {
    if constexpr (std::is_void_v<T>) {
      handle_.promise().result.take();
      return {};
    } else if constexpr (std::is_reference_v<T>) {
      return std::addressof(handle_.promise().result.take());
    } else {
      return handle_.promise().result.take();
    }
  }

 private:
  explicit branch(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  void enter(branch_group& group, std::size_t index, const environment* env) noexcept {
    handle_.promise().group = &group;
    handle_.promise().index = index;
    handle_.promise().env = env;
  }

  std::coroutine_handle<promise_type> handle_;
};

/// `Task` is task<T>, which this header does not know.
template <class Task>
branch<typename Task::value_type> run_branch(Task body) {
  co_return co_await std::move(body);
}

/// Makes all but the first ready, last of all because they may end while the loop still runs, and gives the first.
template <class First, class... Rest>
[[nodiscard]] std::coroutine_handle<> start_branches(branch_group& group, const environment* env, First& first,
                                                     Rest&... rest) noexcept {
  std::size_t index = 0;
  (rest.schedule(group, ++index, env), ...);
  return first.transfer(group, 0, env);
}

}  // namespace tenon::detail
