// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ctime>
#include <utility>

#include <pthread.h>

namespace tenon::detail {

/// A held pthread mutex.
class holding {
 public:
  explicit holding(::pthread_mutex_t& mutex) noexcept : mutex_(mutex) { ::pthread_mutex_lock(&mutex_); }
  holding(const holding&) = delete;
  holding& operator=(const holding&) = delete;
  ~holding() { ::pthread_mutex_unlock(&mutex_); }

 private:
  ::pthread_mutex_t& mutex_;
};

/// Where a thread waits until it is given something. Not std::condition_variable, whose header costs more than all of
/// this; and its times are those of the monotonic clock.
class bell {
 public:
  bell() noexcept {
    ::pthread_condattr_t kind;
    ::pthread_condattr_init(&kind);
    ::pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
    ::pthread_cond_init(&condition_, &kind);
    ::pthread_condattr_destroy(&kind);
  }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  ~bell() { ::pthread_cond_destroy(&condition_); }

  void ring() noexcept { ::pthread_cond_signal(&condition_); }
  void wait(::pthread_mutex_t& held) noexcept { ::pthread_cond_wait(&condition_, &held); }
  [[nodiscard]] int wait_until(::pthread_mutex_t& held, const timespec& limit) noexcept {
    return ::pthread_cond_timedwait(&condition_, &held, &limit);
  }

 private:
  ::pthread_cond_t condition_;
};

/// Threads that leave one by one and are joined by one another: each joins the one that left before it, so that joining
/// the last joins all. Its owner's lock guards it.
class leavers {
 public:
  /// A thread that is to be joined, with no lock held: it does no more than to join another.
  class left {
   public:
    left() = default;
    explicit left(::pthread_t who) noexcept : who_(who), is_one_(true) {}
    void join() const noexcept {
      if (is_one_) ::pthread_join(who_, nullptr);
    }

   private:
    ::pthread_t who_{};
    bool is_one_ = false;
  };

  /// The calling thread leaves; it is to join the one that it is given.
  [[nodiscard]] left leave() noexcept { return std::exchange(last_, left(::pthread_self())); }
  [[nodiscard]] left last() noexcept { return std::exchange(last_, left()); }

 private:
  left last_;
};

}  // namespace tenon::detail
