// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/context.hpp>
#include <tenon/core/detail/promise.hpp>

#include <coroutine>

namespace tenon {

namespace detail {

template <class R>
class moving_to {
 public:
  explicit moving_to(R& runtime) noexcept : runtime_(runtime) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    item_.target = waiter;
    runtime_.start(item_, *environment_of(waiter));
  }
  static void await_resume() noexcept {}

 private:
  R& runtime_;
  resumption item_;
};

template <class R>
class binding_to {
 public:
  binding_to(R& runtime, key bound) noexcept : runtime_(runtime), bound_(bound) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    item_.target = waiter;
    runtime_.start_at(bound_.among(runtime_.workers()), item_);
  }
  static void await_resume() noexcept {}

 private:
  R& runtime_;
  key bound_;
  resumption item_;
};

}  // namespace detail

/// Goes on as a new task of `runtime` would: on a worker of it, whichever its scheduling chooses.
///
///     co_await tenon::schedule_on(compute);   // leaves the I/O runtime
///     const auto picture = render(scene);
///     co_await tenon::schedule_on(edge);      // and comes back
///
/// Shape         The runtime runs, and is not stopped before the coroutine has left it again: it is not one of its
///               tasks, and its shutdown does not wait for it.
/// Cancellation  None: it does not wait.
template <class Runtime>
[[nodiscard]] detail::moving_to<typename Runtime::runtime> schedule_on(Runtime& runtime) noexcept {
  return detail::moving_to<typename Runtime::runtime>(runtime);
}

/// Under `affinity`: goes on at the worker of a key, where a spawn with that key would run.
///
///     co_await tenon::schedule_on(rt, tenon::key{account.id});   // from here on alone with this account
template <class Runtime>
[[nodiscard]] detail::binding_to<typename Runtime::runtime> schedule_on(Runtime& runtime, key bound) noexcept {
  static_assert(!Runtime::scheduling::shares,
                "tenon::schedule_on: a key binds a task to a worker, and here any worker runs any task; write "
                "affinity<> in the runtime's sentence, or leave out the key");
  return detail::binding_to<typename Runtime::runtime>(runtime, bound);
}

}  // namespace tenon
