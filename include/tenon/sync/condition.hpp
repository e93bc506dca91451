// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/environment.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/sync/detail/permits.hpp>
#include <tenon/sync/mutex.hpp>
#include <tenon/task/task.hpp>

#include <cassert>
#include <coroutine>
#include <system_error>
#include <utility>

namespace tenon {

namespace detail::syncing {

/// Waits in the line of a condition, then in that of the mutex. The second wait no stop cuts short.
template <class Threading>
class condition_wait : public applicant {
  using guard_type = typename basic_mutex<Threading>::guard;

 public:
  condition_wait(permits<Threading>& signals, guard_type& held) noexcept
      : applicant(&cancel, &arrive, 1, 1), signals_(signals), held_(held), lock_(held.from()) {
    assert(lock_ != nullptr && "tenon::condition: wait is given a guard that holds the mutex");
  }

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    settle_here(waiter);
    if (env().stop.stop_requested()) {
      canceled_ = true;
      return false;
    }
    // In line before the mutex is free: a notification after that finds it.
    const bool waits = signals_.enter(*this);
    assert(waits);
    (void)waits;
    held_.unlock();
    watch();
    return true;
  }
  [[nodiscard]] result<void> await_resume() noexcept {
    if (canceled_) return std::errc::operation_canceled;
    return {};
  }

 private:
  static void arrive(work& item) noexcept {
    static_cast<condition_wait&>(static_cast<applicant&>(static_cast<granted_wait&>(static_cast<grant_item&>(item))))
        .goes_home();
  }
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<condition_wait&>(base);
    if (self.notified_ || !self.signals_.leave(self)) return;
    self.canceled_ = true;
    self.wait::run = [](work& item) noexcept { static_cast<condition_wait&>(static_cast<wait&>(item)).goes_home(); };
    self.home().pin(static_cast<wait&>(self));
  }

  /// At home, once for each of the two waits.
  void goes_home() noexcept {
    if (!notified_) {
      notified_ = true;
      if (!lock_->try_take(1, 1) && lock_->enter(*this)) return;
    }
    held_ = guard_type(*lock_, 1);
    end();
  }

  permits<Threading>& signals_;
  guard_type& held_;
  permits<Threading>* lock_;
  bool notified_ = false;
  bool canceled_ = false;
};

}  // namespace detail::syncing

/// Where tasks that hold a mutex wait until something that it protects has changed.
///
///     auto held = co_await door.lock();
///     co_await changed.wait(*held, [&] { return !list.empty(); });
///
/// Order         FIFO: notify_one wakes the one that waits longest.
/// Cost          wait: no allocation; with a predicate one frame from the worker's memory. notify with nobody waiting:
///               one CAS.
/// Threads       wait: on a worker of a runtime. notify_one, notify_all: any thread, with or without the mutex.
/// Errors        operation_canceled.
/// Cancellation  A stop request ends the waiting. However a wait ends, the mutex is held again when it does.
/// When not      One flag: event. A queue: channel, which is this and the list.
template <class Threading = multi_thread>
class basic_condition {
 public:
  using threading = Threading;
  using guard = typename basic_mutex<Threading>::guard;

  basic_condition() noexcept : signals_(0) {}

  /// Unlocks, waits to be notified, locks again; gives a result<void>. It wakes for a notification or a stop, nothing
  /// else.
  [[nodiscard]] auto wait(guard& held) noexcept { return detail::syncing::condition_wait<Threading>(signals_, held); }
  /// Waits until `predicate()` is true, which is asked with the mutex held. Without an error it is.
  template <class Predicate>
  [[nodiscard]] task<result<void>> wait(guard& held, Predicate predicate) {
    while (!predicate()) {
      const result<void> notified = co_await wait(held);
      if (!notified && !predicate()) co_return notified;
    }
    co_return {};
  }
  void notify_one() noexcept { signals_.give(1, 0); }
  void notify_all() noexcept { signals_.give(detail::syncing::permits<Threading>::most, 0); }

 private:
  detail::syncing::permits<Threading> signals_;
};

using condition = basic_condition<>;

}  // namespace tenon
