// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>
#include <tenon/core/detail/yielded.hpp>

#include <cassert>
#include <coroutine>

namespace tenon {

namespace detail {

class yielding {
 public:
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    loop* const current = here().current;
    assert(current != nullptr && "tenon::yield is awaited on a worker of a runtime");
    item_.target = waiter;
    current->schedule(item_, *environment_of(waiter));
  }
  static void await_resume() noexcept {}

 private:
  yielded item_;
};

}  // namespace detail

/// Lets everything else that is ready run first.
///
///     co_await tenon::yield();
///
/// Cost          One trip through the worker's ready queue.
/// Cancellation  None: it does not wait.
[[nodiscard]] inline detail::yielding yield() noexcept { return {}; }

}  // namespace tenon
