// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/environment.hpp>
#include <tenon/task/task.hpp>

#include <coroutine>
#include <optional>
#include <utility>

namespace tenon::http {

/// What is awaited of something that mostly need not wait: the T itself, or the task that will give it.
///
///     [[nodiscard]] soon<result<void>> send(std::span<const std::byte> piece) {
///       if (const auto sent = try_to_send(piece)) return soon(result<void>());
///       return soon(send_slowly(piece));          // a coroutine
///     }
///     const auto sent = co_await send(piece);
///
/// Cost     Of a T: none, the coroutine does not suspend. Of a task: its frame.
/// Threads  One at a time; awaited once.
template <class T>
class [[nodiscard]] soon {
 public:
  explicit soon(T value) : value_(std::move(value)) {}
  explicit soon(task<T> rest) noexcept : rest_(std::move(rest)) {}

  [[nodiscard]] bool await_ready() const noexcept { return value_.has_value(); }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    return awaits().start(waiter, *tenon::detail::environment_of(waiter));
  }
  [[nodiscard]] T await_resume() {
    if (value_) return std::move(*value_);
    return awaits().await_resume();
  }

 private:
  [[nodiscard]] typename task<T>::awaiter awaits() noexcept { return std::move(*rest_).operator co_await(); }

  std::optional<T> value_;
  std::optional<task<T>> rest_;
};

}  // namespace tenon::http
