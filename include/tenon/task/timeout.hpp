// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/when_any.hpp>

#include <coroutine>
#include <exception>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

template <class T>
using timed_t = std::conditional_t<is_result<T>, T, result<T>>;

/// Whatever the body's end is, it is kept: a branch that comes in second has its result dropped, and its exception.
template <class T>
task<void> keep(task<T> body, outcome<timed_t<T>>& into) {
#if defined(__cpp_exceptions)
  try {
#endif
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
      into.set(timed_t<T>());
    } else {
      into.set(co_await std::move(body));
    }
#if defined(__cpp_exceptions)
  } catch (...) {
    into.fail(std::current_exception());
  }
#endif
}

/// A template, because g++ emits the body of every coroutine that is none, used or not.
template <class Duration>
task<bool> sleep_out(Duration length) {
  co_return co_await sleep_for(length);
}

/// An awaiter that stands for another one: g++ 12 would copy an awaiter that `co_await` meets as a reference.
template <class Awaiter>
class stand_in {
 public:
  explicit stand_in(Awaiter& real) noexcept : real_(real) {}
  [[nodiscard]] bool await_ready() { return real_.await_ready(); }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> waiter) {
    return real_.await_suspend(waiter);
  }
  decltype(auto) await_resume() { return real_.await_resume(); }

 private:
  Awaiter& real_;
};

template <class Awaiter>
task<decltype(std::declval<Awaiter&>().await_resume())> await_in_place(Awaiter& awaiter) {
  co_return co_await stand_in<Awaiter>(awaiter);
}

}  // namespace detail

/// Gives a task `limit` to end; then it is asked to stop, waited for, and std::errc::timed_out is what comes out.
///
///     auto page = co_await tenon::timeout(2s, fetch(url));
///     auto n = co_await tenon::timeout(2s, peer.read_some(room));
///
/// Shape         Of a task<result<T>>, a result<T>; of a task<T>, a result<T>.
/// Cost          Three frames and a timer. A stream's own deadline parameter costs only the timer.
/// Errors        timed_out. A task<result<T>> that has a value in spite of the stop keeps it: nothing that was received
///               is lost. An exception of the task leaves, unless the time was over first.
/// Cancellation  A stop request from above reaches the task; what it then gives is the result.
template <class T>
[[nodiscard]] task<detail::timed_t<T>> timeout(duration limit, task<T> body) {
  detail::outcome<detail::timed_t<T>> kept;
  task<void> work = detail::keep<T>(std::move(body), kept);
  const auto first = co_await when_any(std::move(work), detail::sleep_out(limit));
  const bool in_time = first.index() == 0 || !std::get<1>(first);  // a sleep that was cut short is not the end of it
  if (in_time) co_return kept.take();
  if constexpr (detail::is_result<T>) {
    if (!kept.failed()) {
      T late = kept.take();
      if (late || late.error() != std::errc::operation_canceled) co_return late;
    }
  }
  co_return std::make_error_code(std::errc::timed_out);
}

/// The same for an awaitable that is not a task, awaited in the same expression.
template <class Awaitable>
  requires requires(Awaitable& awaitable) { awaitable.await_resume(); }
[[nodiscard]] auto timeout(duration limit, Awaitable&& awaitable) {
  return timeout(limit, detail::await_in_place<std::remove_reference_t<Awaitable>>(awaitable));
}

}  // namespace tenon
