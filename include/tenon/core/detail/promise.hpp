// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/frame.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>

#include <cassert>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace tenon::detail {

/// How many coroutines may resume one another before the worker gets its turn. It bounds the stack where symmetric
/// transfer is not a tail call (g++ -O0, sanitizers), and everywhere keeps a chain of ready awaits from starving I/O.
inline constexpr unsigned transfer_depth = 128;

/// A coroutine that can be resumed as a work item.
struct resumption : work {
  std::coroutine_handle<> target;

  resumption() noexcept : work(&resume) {}
  static void resume(work& item) noexcept { static_cast<resumption&>(item).target.resume(); }
};

/// What every promise of ours has: a frame from the worker's memory, who waits for it, and its environment.
///
/// It is itself the work item by which it goes through a worker's queue, when it starts there or when a chain of
/// transfers is at its depth: once before the coroutine starts and once after it has ended, never both at a time.
struct promise_base : frame_allocated, work {
  std::coroutine_handle<> continuation;  // null until it is awaited
  const environment* env = &no_environment;

  /// The work item that starts the coroutine of `promise`.
  template <class Promise>
  [[nodiscard]] static work& starting(Promise& promise) noexcept {
    promise.run = &start<Promise>;
    return promise;
  }

  /// How such an item is told from others.
  template <class Promise>
  [[nodiscard]] static work::function starting_function() noexcept {
    return &start<Promise>;
  }

  /// The handle to transfer to so that the coroutine starts: its own, or nobody's when the chain is long; then the
  /// worker starts it.
  template <class Promise>
  [[nodiscard]] static std::coroutine_handle<> enter(Promise& promise) noexcept {
    if (!is_deep()) return std::coroutine_handle<Promise>::from_promise(promise);
    here().current->schedule(starting(promise), *promise.env);
    return std::noop_coroutine();
  }

  /// The same for going on with the one that waits for it.
  [[nodiscard]] std::coroutine_handle<> leave() noexcept {
    if (!is_deep()) return continuation;
    run = &go_on;
    here().current->schedule(*this, *env);
    return std::noop_coroutine();
  }

 private:
  template <class Promise>
  static void start(work& item) noexcept {
    std::coroutine_handle<Promise>::from_promise(static_cast<Promise&>(item)).resume();
  }
  static void go_on(work& item) noexcept { static_cast<promise_base&>(item).continuation.resume(); }

  [[nodiscard]] static bool is_deep() noexcept {
    this_thread& thread = here();
    return ++thread.depth >= transfer_depth && thread.current != nullptr;
  }
};

/// Ends a coroutine by going on with the one that waits for it.
struct final_awaiter {
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    return ended.promise().leave();
  }
  static void await_resume() noexcept {}
};

/// Where a coroutine's outcome waits to be fetched: nothing yet, a value, or an exception.
template <class T>
class outcome {
  static constexpr bool refers = std::is_reference_v<T>;
  using stored = std::conditional_t<refers, std::add_pointer_t<T>, T>;

 public:
  outcome() noexcept {}
  outcome(const outcome&) = delete;
  outcome& operator=(const outcome&) = delete;
  ~outcome() {
    if (has_) std::destroy_at(std::addressof(value_));
  }

  template <class U>
  void set(U&& value) {
    if constexpr (refers) {
      std::construct_at(std::addressof(value_), std::addressof(value));
    } else {
      std::construct_at(std::addressof(value_), std::forward<U>(value));
    }
    has_ = true;
  }
#if defined(__cpp_exceptions)
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  [[nodiscard]] bool failed() const noexcept { return error_ != nullptr; }
#else
  [[nodiscard]] static bool failed() noexcept { return false; }
#endif

  /// The value, moved out, or the exception thrown.
  [[nodiscard]] T take() {
#if defined(__cpp_exceptions)
    if (error_) std::rethrow_exception(error_);
#endif
    assert(has_);
    if constexpr (refers) {
      return static_cast<T>(*value_);
    } else {
      return std::move(value_);
    }
  }

 private:
  union {
    stored value_;
  };
#if defined(__cpp_exceptions)
  std::exception_ptr error_;
#endif
  bool has_ = false;
};

template <>
class outcome<void> {
 public:
#if defined(__cpp_exceptions)
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  [[nodiscard]] bool failed() const noexcept { return error_ != nullptr; }
  void take() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
#else
  static void take() noexcept {}
#endif
};

/// The part of a promise that takes `co_return` and exceptions into an outcome.
template <class T>
struct returning : promise_base {
  outcome<T> result;

  template <class U = T>  // = T: `co_return {};`
    requires std::is_convertible_v<U, T>
  void return_value(U&& value) {
    static_assert(
        refers_to_the_same<U>,
        "tenon::task<T&>: co_return gives it a temporary, which is gone before the reference is used; return an "
        "object that outlives the task, or write task<T>");
    result.set(std::forward<U>(value));
  }
  void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
    result.fail(std::current_exception());
#endif
  }

 private:
  template <class U>
  static constexpr bool refers_to_the_same =
      !std::is_reference_v<T> || ((std::is_lvalue_reference_v<U> || std::is_rvalue_reference_v<T>) &&
                                  std::is_convertible_v<std::remove_reference_t<U>*, std::remove_reference_t<T>*>);
};

template <>
struct returning<void> : promise_base {
  outcome<void> result;

  static void return_void() noexcept {}
  void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
    result.fail(std::current_exception());
#endif
  }
};

}  // namespace tenon::detail
