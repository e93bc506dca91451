// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/wait.hpp>
#include <tenon/core/timer.hpp>

#include <cassert>
#include <coroutine>
#include <utility>

namespace tenon {

namespace detail {

class sleeping : wait, timer {
 public:
  explicit sleeping(duration length) noexcept : wait(&cancel), length_(length) {}
  explicit sleeping(time_point until) noexcept : wait(&cancel), length_(duration::max()), until_(until) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    loop* const current = here().current;
    assert(current != nullptr && "tenon::sleep_for is awaited on a worker of a runtime");
    const environment& env = *environment_of(waiter);
    if (env.stop.stop_requested()) {
      full_ = false;
      return false;
    }
    const time_point now = current->now();
    if (until_ == never && length_ < never - now) until_ = now + length_;
    if (until_ <= now) return false;
    settle(*current, waiter, env);
    timer::run = [](work& item) noexcept {
      auto& self = static_cast<sleeping&>(static_cast<timer&>(item));
      self.over_ = true;
      self.end();
    };
    deadline = until_;
    if (until_ != never) current->arm(*this);
    watch();
    return true;
  }
  /// true: it slept to the end; false: it was asked to stop.
  bool await_resume() const noexcept { return full_; }

 private:
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<sleeping&>(base);
    if (std::exchange(self.over_, true)) return;
    self.full_ = false;
    if (self.armed()) self.home().disarm(self);
    self.wait::run = [](work& item) noexcept { static_cast<sleeping&>(static_cast<wait&>(item)).end(); };
    self.home().pin(static_cast<wait&>(self));  // not from inside the stop callback, and not on a thief
  }

  duration length_;
  time_point until_ = never;
  bool full_ = true;
  bool over_ = false;
};

}  // namespace detail

/// Waits for at least `length` on the clock of the runtime that runs the coroutine.
///
///     if (!co_await tenon::sleep_for(50ms)) co_return;   // asked to stop
///
/// Shape         nanoseconds; any std::chrono duration converts. Zero or less does not suspend.
/// Cost          O(log n) of n pending timers of this worker; no allocation but the growth of their heap.
/// Cancellation  A stop request ends it early; `co_await` gives true when it slept to the end, else false.
[[nodiscard]] inline detail::sleeping sleep_for(duration length) noexcept { return detail::sleeping(length); }

/// Waits until the clock of the runtime says `deadline` or later.
[[nodiscard]] inline detail::sleeping sleep_until(time_point deadline) noexcept { return detail::sleeping(deadline); }

}  // namespace tenon
