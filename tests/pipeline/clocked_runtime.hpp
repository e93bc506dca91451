// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/core/timer.hpp>
#include <tenon/core/work.hpp>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace fake {

/// A runtime of one worker, the test's own thread, and of a clock that the test sets. Other threads give it work.
class clocked : public tenon::loop {
 public:
  using threading = tenon::multi_thread;

  clocked() : loop(table(), this), before_(std::exchange(tenon::detail::here().current, this)) {}
  ~clocked() { tenon::detail::here().current = before_; }

  void schedule(tenon::work& item) noexcept {
    const std::lock_guard hold(mutex_);
    ready_.push(item);
    some_.notify_one();
  }

  /// Runs what is ready, until nothing is.
  void settle() {
    while (tenon::work* const item = next()) item->run(*item);
  }
  /// Runs what is ready, and what other threads bring, until there is what the test waits for.
  template <class Condition>
  void run_until(Condition there) {
    for (settle(); !there(); settle()) {
      std::unique_lock hold(mutex_);
      some_.wait(hold, [this] { return !ready_.empty(); });
    }
  }
  /// Lets time pass, timer by timer.
  void pass(tenon::duration time) {
    const tenon::time_point end = now_ + time;
    for (settle(); timers_.next() <= end && !timers_.empty(); settle()) {
      if (timers_.next() > now_) now_ = timers_.next();
      while (tenon::timer* const due = timers_.pop_due(now_)) due->run(*due);
    }
    now_ = end;
  }
  [[nodiscard]] tenon::time_point now() const noexcept { return now_; }
  [[nodiscard]] bool has_timers() const { return !timers_.empty(); }

 private:
  static clocked& of(tenon::loop& self) { return static_cast<clocked&>(self); }
  static const operations& table() {
    static constexpr operations one = {
        [](tenon::loop& self, tenon::work& item, const tenon::environment&) noexcept { of(self).schedule(item); },
        [](tenon::loop& self, tenon::work& item, const tenon::environment&) noexcept { of(self).schedule(item); },
        [](tenon::loop& self, tenon::work& item) noexcept { of(self).schedule(item); },
        [](tenon::loop& self, tenon::timer& item) noexcept { of(self).timers_.arm(item); },
        [](tenon::loop& self, tenon::timer& item) noexcept { of(self).timers_.disarm(item); },
        [](tenon::loop& self) noexcept { return of(self).now_; }};
    return one;
  }
  [[nodiscard]] tenon::work* next() {
    const std::lock_guard hold(mutex_);
    return ready_.pop();
  }

  tenon::loop* before_;
  tenon::time_point now_{};
  tenon::timer_queue timers_;
  std::mutex mutex_;
  std::condition_variable some_;
  tenon::work_list ready_;
};

}  // namespace fake
