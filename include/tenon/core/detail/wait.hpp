// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>
#include <tenon/core/detail/stop_hook.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/work.hpp>

#include <coroutine>
#include <cstdint>

namespace tenon::detail {

/// A suspended coroutine that waits for something at one worker, its home, and can be asked to stop from anywhere.
///
/// Everything that changes a wait happens on its home's thread: it begins there, ends there, and a stop that is
/// requested elsewhere arrives there as a work item. So nothing in it is atomic. The one thing another thread does is
/// to run the stop callback, and `stop_.reset()` in end() is the fence between the two: it takes the callback back, or
/// waits for the end of it, after which `asked_` says whether a work item is on its way. If it is, the wait goes on
/// existing until that item has arrived.
///
/// The one `work` in the base serves, one after the other: the way home (by the derived class), the way of the stop,
/// the resumption.
class wait : public work {
 public:
  wait(const wait&) = delete;
  wait& operator=(const wait&) = delete;

 protected:
  /// `cancel` runs at home while the wait is in flight: it makes end() be called soon, but not before it returns.
  using cancel_function = void (*)(wait&) noexcept;

  explicit wait(cancel_function cancel) noexcept : cancel_(cancel) {}
  ~wait() = default;

  [[nodiscard]] loop& home() const noexcept { return *home_; }
  [[nodiscard]] const environment& env() const noexcept { return *env_; }
  void settle(loop& home, std::coroutine_handle<> waiter, const environment& env) noexcept {
    home_ = &home;
    waiter_ = waiter;
    env_ = &env;
  }

  /// At home, once the wait is in flight: from now on a stop request cancels it.
  void watch() {
    if (env_->stop.stop_possible()) stop_.emplace(env_->stop.get_token(), asks_to_stop{this});
  }

  /// At home, once the wait is over: the coroutine goes on as soon as nobody else knows of it.
  void end() noexcept {
    stop_.reset();
    if (asked_ && !arrived_) {
      ended_ = true;
    } else {
      resume();
    }
  }

  /// Like end(), for a wait that is over before it was watched.
  void resume() noexcept {
    run = [](work& item) noexcept { static_cast<wait&>(item).waiter_.resume(); };
    home_->schedule(*this, *env_);
  }

 private:
  struct asks_to_stop {
    wait* self;
    void operator()() const noexcept {
      if (here().current == self->home_) {
        self->cancel_(*self);
      } else {
        self->asked_ = true;
        self->run = [](work& item) noexcept { static_cast<wait&>(item).stop_arrives(); };
        self->home_->pin(*self);
      }
    }
  };

  void stop_arrives() noexcept {
    arrived_ = true;
    if (ended_) {
      resume();
    } else {
      cancel_(*this);
    }
  }

  loop* home_ = nullptr;
  std::coroutine_handle<> waiter_;
  const environment* env_ = nullptr;
  cancel_function cancel_;
  bool asked_ = false;    // the stop is, or was, on its way home as a work item
  bool arrived_ = false;  // it has come
  bool ended_ = false;    // the wait is over, and waits for it to come
  stop_hook<asks_to_stop> stop_;
};

/// Goes on at one given worker: how a coroutine that owns something of a worker returns to it.
class go_to {
 public:
  explicit go_to(loop& target) noexcept : target_(target) {}

  [[nodiscard]] bool await_ready() const noexcept { return here().current == &target_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    item_.target = waiter;
    target_.pin(item_);
  }
  static void await_resume() noexcept {}

 private:
  loop& target_;
  resumption item_;
};

}  // namespace tenon::detail
