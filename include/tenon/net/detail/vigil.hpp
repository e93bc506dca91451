// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/detail/wait.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/timer.hpp>
#include <tenon/net/detail/descriptor.hpp>

#include <cerrno>
#include <concepts>
#include <coroutine>
#include <exception>
#include <utility>

namespace tenon::detail {

/// What a vigil tells of what it saw, and asks how long to go on.
///
/// heard      The descriptor is readable, or what ended the wait: timed_out, operation_canceled, what the system says.
///            True: wait on. After an error it is over, whatever is said.
/// patience   How long the next wait may take; duration::max() is for ever. Asked at the start and after each `true`.
template <class W>
concept watcher = requires(W& watcher, const result<void>& ready) {
  { watcher.heard(ready) } -> std::same_as<bool>;
  { watcher.patience() } -> std::same_as<duration>;
};

/// Waits until a descriptor is readable, again and again, for a coroutine that sleeps meanwhile: between two waits
/// there is a call of the watcher and nothing else. The stop callback stays, and so does the timer, which is put off
/// when it comes too early; a wait of its own each time would set up and take down both.
///
/// The watcher is called from a worker's run queue like any work, on whatever worker takes it. All else happens at
/// home:
///
///     started: begin()  ->  in flight  ->  completed()  ->  queued  ->  turn() anywhere  ->  back(): begin(), or over
///
/// A stop or a timer that comes while it is not in flight is looked at in the next begin().
template <class R, watcher Watcher>
class vigil : public wait, public io_operation, public timer {
 public:
  vigil(descriptor<R>& on, Watcher& whom) noexcept : wait(&cancel), descriptor_(on), watcher_(whom) {
    kind = io_kind::arrival;
    source = &on.source();
    timer::run = [](work& item) noexcept { of(static_cast<timer&>(item)).expired(); };
  }

  [[nodiscard]] bool await_ready() noexcept {
    if (const auto settled = descriptor_.settle(); !settled) return (void)tell(settled.error()), true;
    return false;
  }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    settle(*descriptor_.home(), waiter, *environment_of(waiter));
    if (here().current != descriptor_.home()) {
      goes_home();
      return true;
    }
    watched_ = true;
    if (begin()) {
      watch();
      return true;
    }
    if (armed()) descriptor_.home()->disarm(*this);
    return false;
  }
  void await_resume() {
#if defined(__cpp_exceptions)
    if (failure_) std::rethrow_exception(std::move(failure_));
#endif
  }

 private:
  [[nodiscard]] static vigil& of(io_operation& base) noexcept { return static_cast<vigil&>(base); }
  [[nodiscard]] static vigil& of(timer& base) noexcept { return static_cast<vigil&>(base); }
  [[nodiscard]] work& item() noexcept { return static_cast<io_operation&>(*this); }

  /// At home and not in flight: waits again. False: it is over, and the watcher knows.
  [[nodiscard]] bool begin() noexcept {
    for (;;) {
      expired_ = false;
      if (env().stop.stop_requested()) return tell(std::errc::operation_canceled);
      io_operation::run = [](work& item) noexcept { of(static_cast<io_operation&>(item)).completed(); };
      if (!descriptor_.home()->backend().start(*this)) {
        in_flight_ = true;
        set_timer();
        return true;
      }
      if (++here().depth >= transfer_depth) {
        queue();
        return true;
      }
      if (!tell_outcome()) return false;
    }
  }

  /// The timer that is armed already will do if it does not come too late: it looks how late it is.
  void set_timer() noexcept {
    until_ = after(descriptor_.runtime().coarse_now(), watcher_.patience());
    if (armed() && until_ < deadline) descriptor_.home()->disarm(*this);
    if (!armed() && until_ != never) {
      deadline = until_;
      descriptor_.home()->arm(*this);
    }
  }

  /// At home, from within the backend's wait.
  void completed() noexcept {
    in_flight_ = false;
    queue();
  }
  void queue() noexcept {
    io_operation::run = [](work& item) noexcept { of(static_cast<io_operation&>(item)).turn(); };
    descriptor_.home()->schedule(item(), env());
  }
  /// Wherever the scheduling has put it.
  void turn() noexcept {
    goes_on_ = tell_outcome();
    if (here().current == descriptor_.home()) {
      back();
    } else {
      goes_home();
    }
  }
  void goes_home() noexcept {
    io_operation::run = [](work& item) noexcept { of(static_cast<io_operation&>(item)).back(); };
    descriptor_.home()->pin(item());
  }
  void back() noexcept {
    if (!std::exchange(watched_, true)) watch();
    if (goes_on_ && begin()) return;
    if (armed()) descriptor_.home()->disarm(*this);
    end();
  }

  /// False: it is over.
  [[nodiscard]] bool tell_outcome() noexcept {
    if (outcome >= 0) return hears({});
    return tell(outcome == -ECANCELED && expired_ ? error_of(ETIMEDOUT) : error_of(static_cast<int>(-outcome)));
  }
  [[nodiscard]] bool tell(const result<void>& error) noexcept {
    (void)hears(error);
    return false;
  }
  /// What it throws ends the vigil, and comes out of the co_await.
  [[nodiscard]] bool hears(const result<void>& ready) noexcept {
#if defined(__cpp_exceptions)
    try {
      return watcher_.heard(ready);
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
#else
    return watcher_.heard(ready);
#endif
  }

  void expired() noexcept {
    if (!in_flight_ || until_ == never) return;  // the next begin() arms it
    if (descriptor_.runtime().now() < until_) {
      deadline = until_;
      descriptor_.home()->arm(*this);
    } else {
      expired_ = true;
      descriptor_.home()->backend().cancel(*this);
    }
  }
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<vigil&>(base);
    if (self.in_flight_) self.descriptor_.home()->backend().cancel(self);
  }

  descriptor<R>& descriptor_;
  Watcher& watcher_;
  time_point until_ = never;
#if defined(__cpp_exceptions)
  std::exception_ptr failure_;
#endif
  bool in_flight_ = false;
  bool goes_on_ = true;
  bool expired_ = false;
  bool watched_ = false;
};

}  // namespace tenon::detail
