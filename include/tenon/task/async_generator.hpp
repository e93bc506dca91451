// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>

#include <cassert>
#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// The promise of a coroutine that gives one thing after another, each to the one that asks for it.
///
/// As a work item it is either on the way to the coroutine, which is suspended, or on the way back to the one that
/// waits in next(): never both.
template <class Value>
struct yields : promise_base {
  Value* item = nullptr;  // in this coroutine's frame, or where its co_yield has it; null once it has ended
#if defined(__cpp_exceptions)
  std::exception_ptr error;
#endif

  struct hands_over {
    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <class Promise>
    [[nodiscard]] static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> giving) noexcept {
      return giving.promise().leave();
    }
    static void await_resume() noexcept {}
  };

  [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
  [[nodiscard]] hands_over final_suspend() noexcept {
    item = nullptr;
    return {};
  }
  static void return_void() noexcept {}
  void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
    error = std::current_exception();
#endif
  }
};

/// What co_yield takes for a T: a temporary is given as it is, for it lives until the coroutine goes on; of what has a
/// name a copy is given, for who asked may move from it.
template <class T>
struct yielding_of : yields<T> {
  class hands_over_copy : public yields<T>::hands_over {
   public:
    hands_over_copy(yields<T>& promise, const T& original) : copy_(original) { promise.item = std::addressof(copy_); }
    hands_over_copy(const hands_over_copy&) = delete;
    hands_over_copy& operator=(const hands_over_copy&) = delete;

   private:
    T copy_;
  };

  [[nodiscard]] typename yields<T>::hands_over yield_value(T&& value) noexcept {
    this->item = std::addressof(value);
    return {};
  }
  [[nodiscard]] hands_over_copy yield_value(const T& value)
    requires std::copy_constructible<T>
  {
    return hands_over_copy(*this, value);
  }
};
template <class T>
struct yielding_of<const T&> : yields<const T> {
  [[nodiscard]] typename yields<const T>::hands_over yield_value(const T& value) noexcept {
    this->item = std::addressof(value);
    return {};
  }
};
template <class T>
struct yielding_of<T&> : yields<T> {
  template <class U>
  [[nodiscard]] typename yields<T>::hands_over yield_value(U&& value) noexcept {
    static_assert(
        std::is_lvalue_reference_v<U> && std::is_convertible_v<std::remove_reference_t<U>*, T*>,
        "tenon::async_generator<T&>: co_yield gives it a temporary or something that is no T; yield an object "
        "that has a name, or write async_generator<T>");
    this->item = std::addressof(value);
    return {};
  }
};

}  // namespace detail

/// A lazy coroutine that gives any number of T, one whenever it is asked, and may await anything in between.
///
///     tenon::async_generator<int> ticks(int count) {
///       for (int i = 0; i < count; ++i) {
///         (void)co_await tenon::sleep_for(1s);
///         co_yield i;
///       }
///     }
///     auto clock = ticks(3);
///     while (const int* tick = co_await clock.next()) std::printf("%d\n", *tick);
///
/// Shape         One pointer. next() gives a pointer to the item, null at the end and ever after. The item lives until
///               the next next(), or until the generator is destroyed. Of a T it may be moved from: a `co_yield` of
///               what has a name copies it. Of a T& or a const T& it is the very object that was yielded.
/// Cost          One frame, from the memory policy of the worker that calls it. An item costs two symmetric transfers,
///               no allocation and no copy of a temporary.
/// Threads       One at a time; it goes on wherever next() is awaited.
/// Compilers     g++ 12 destroys an aggregate made within `co_yield` twice: name it, and yield std::move(name).
/// Errors        An exception that leaves the body comes out of the next() that waits; that was the end.
/// Cancellation  Each next() lends it the environment of the coroutine that awaits it, until the item is there. It may
///               be destroyed whenever no next() is in flight: the body never goes on, and its locals are destroyed.
template <class T>
class [[nodiscard("a generator does nothing until next() is awaited")]] async_generator {
  static_assert(!std::is_void_v<T>,
                "tenon::async_generator<void>: there is nothing to give; write task<void>, or give a bool");
  static_assert(
      !std::is_rvalue_reference_v<T>,
      "tenon::async_generator<T&&>: who asks may move from what it is given anyway; write async_generator<T>");
  static_assert(!std::is_const_v<T>,
                "tenon::async_generator<const T>: nobody could move from it; write async_generator<const T&>");

 public:
  using value_type = std::remove_cvref_t<T>;
  using pointer = std::remove_reference_t<T>*;

  struct promise_type : detail::yielding_of<T> {
    [[nodiscard]] async_generator get_return_object() noexcept {
      return async_generator(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  async_generator(async_generator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  async_generator& operator=(async_generator&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~async_generator() { destroy(); }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> from) noexcept : from_(from) {}

    [[nodiscard]] bool await_ready() const noexcept { return from_.done(); }
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> asking) noexcept {
      promise_type& promise = from_.promise();
      assert(!promise.continuation && "one next() at a time");
      promise.continuation = asking;
      promise.env = detail::environment_of(asking);
      return detail::promise_base::enter(promise);
    }
    [[nodiscard]] pointer await_resume() {
      promise_type& promise = from_.promise();
      promise.continuation = nullptr;
      promise.env = &detail::no_environment;  // that of who asked may be gone before the next one asks
#if defined(__cpp_exceptions)
      if (promise.error) std::rethrow_exception(std::exchange(promise.error, nullptr));
#endif
      return promise.item;
    }

   private:
    std::coroutine_handle<promise_type> from_;
  };

  /// The next item: `while (auto* item = co_await generator.next())`.
  [[nodiscard]] awaiter next() noexcept {
    assert(handle_ && "the generator was moved from");
    return awaiter(handle_);
  }

 private:
  explicit async_generator(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  void destroy() noexcept {
    if (!handle_) return;
    assert(!handle_.promise().continuation && "a generator outlives the next() that waits for it");
    handle_.destroy();
  }

  std::coroutine_handle<promise_type> handle_;
};

static_assert(sizeof(async_generator<int>) == sizeof(void*));

}  // namespace tenon
