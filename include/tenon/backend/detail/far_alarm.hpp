// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/unique_fd.hpp>

#include <chrono>
#include <cstdint>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

namespace tenon::detail {

/// A timer of the kernel's that ends the waits of an epoll, and stays set from one to the next. A wait that has a
/// timeout of its own sets one up and takes it down each time, for 0.3 us and more; but who waits for long, for a
/// client that is idle, is nearly always woken by something else, and a deadline that moves on need not be told to the
/// kernel: the alarm rings too early once, and is set anew.
class far_alarm {
 public:
  /// Timeouts from here on are worth it.
  static constexpr std::chrono::nanoseconds far = std::chrono::seconds(1);

  /// Sees to it that a wait of `poller` without a timeout ends before `timeout` is over. False: it cannot.
  [[nodiscard]] bool covers(int poller, std::chrono::nanoseconds timeout) noexcept {
    timespec tick{};  // a little behind, so that what is set by it comes no later
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &tick);
    const std::int64_t now = std::int64_t{tick.tv_sec} * second + tick.tv_nsec;
    const std::int64_t wanted = now + (timeout.count() < longest ? timeout.count() : longest);
    if (at_ != 0 && at_ <= wanted) return true;
    if (!timer_ && !open(poller)) return false;
    itimerspec when{};
    when.it_value.tv_sec = static_cast<decltype(when.it_value.tv_sec)>(wanted / second);
    when.it_value.tv_nsec = static_cast<decltype(when.it_value.tv_nsec)>(wanted % second);
    if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0) return false;
    at_ = wanted;
    return true;
  }

  /// Its event has come.
  void rang() noexcept { at_ = 0; }

 private:
  static constexpr std::int64_t second = 1'000'000'000;
  static constexpr std::int64_t longest = std::int64_t{86'400} * second;

  [[nodiscard]] bool open(int poller) noexcept {
    unique_fd timer{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    if (!timer) return false;
    // Edge-triggered, so that it need not be read.
    epoll_event asked{EPOLLIN | EPOLLET, {.ptr = this}};
    if (::epoll_ctl(poller, EPOLL_CTL_ADD, timer.get(), &asked) != 0) return false;
    timer_ = static_cast<unique_fd&&>(timer);
    return true;
  }

  unique_fd timer_;
  std::int64_t at_ = 0;  // when it rings, by CLOCK_MONOTONIC; 0 when it is not set
};

}  // namespace tenon::detail
