// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/loop.hpp>

#include <chrono>
#include <cstddef>
#include <utility>

namespace tenon::detail {

/// Visits to a worker from somebody else's loop, which are there in place of its run(). Between two of them the worker
/// counts as asleep, by the protocol of parking.hpp, and it is the host that waits, at the backend's descriptor.
///
/// Threads  One: it is the worker's while it is inside.
template <class Worker>
class visits {
 public:
  explicit visits(Worker& to) noexcept : worker_(to) {}

  /// Runs what is ready, about `most` items of it, and waits for nothing.
  void visit(std::size_t most) noexcept {
    const this_thread before = worker_.enter();
    const bool dozed = std::exchange(dozing_, false);
    worker_.begin_collecting();
    worker_.wait(duration::zero());
    if (dozed) {
      worker_.get_up();
      worker_.observer_.woke();
    }
    worker_.fire();
    worker_.publish(1);
    for (more_ = false; !worker_.runtime_.stopped() && !more_; more_ = --most == 0) {
      if (work* const item = worker_.next()) {
        worker_.execute(*item);
        if (worker_.counts_to_turn()) worker_.turn();
      } else if (!worker_.forking_.take() && doze()) {
        break;
      }
    }
    // Nobody is a searcher while the host is away.
    if constexpr (Worker::concurrent && Worker::shares) worker_.end_search();
    worker_.count();
    *worker_.thread_ = before;
  }

  /// When the next visit is due at the latest. What another thread sends makes the descriptor readable.
  [[nodiscard]] time_point next() noexcept {
    const time_point now = worker_.runtime_.now();
    if (more_) return now;
    if constexpr (!Worker::concurrent) {
      if (!worker_.inbox_.empty() || !worker_.local_.idle()) return now;
    }
    time_point due = worker_.timers_.next();
    if constexpr (requires { worker_.backend_.due(); }) {
      const duration left = worker_.backend_.due();
      if (left.count() >= 0 && now + left < due) due = now + left;
    }
    return due;
  }

  /// Whether the last visit left nothing to do.
  [[nodiscard]] bool dozing() const noexcept { return dozing_; }

 private:
  /// Nothing is ready: the host sleeps until something is. False when there is something to do after all.
  [[nodiscard]] bool doze() noexcept {
    worker_.count();
    worker_.begin_collecting();
    worker_.since_turn_ = 0;
    // Looked at twice: a backend's doze() may run handles of the program's own, which leave work here.
    const bool is_dry = worker_.lie_down();
    if (is_dry && worker_.until_next_timer().count() != 0 && nothing_in_backend() && worker_.nothing_here()) {
      worker_.observer_.parked();
      dozing_ = true;
      return true;
    }
    worker_.wait(duration::zero());
    worker_.get_up();
    if (!is_dry) worker_.search();
    worker_.fire();
    worker_.publish(2);
    return false;
  }
  [[nodiscard]] bool nothing_in_backend() noexcept {
    if constexpr (requires { worker_.backend_.doze(); }) {
      return worker_.backend_.doze();
    } else {
      return true;  // whoever visits without being called comes again anyway
    }
  }

  Worker& worker_;
  bool dozing_ = false;  // nothing was ready
  bool more_ = false;    // something was
};

}  // namespace tenon::detail
