// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>

#include <chrono>
#include <concepts>

#include <time.h>

namespace tenon {

/// Every time in the library: nanoseconds of a monotonic clock, real or virtual.
using duration = std::chrono::nanoseconds;
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

/// The deadline of a wait that has none.
inline constexpr time_point never = time_point::max();

/// The machine's monotonic clock. The default.
///
/// Cost  About 19 ns a reading (clock_gettime through the vDSO).
struct steady : family::clock {
  static constexpr auto word = fixed_string("steady");

  class source {
   public:
    [[nodiscard]] static time_point now() noexcept { return std::chrono::steady_clock::now(); }
    /// As of the last tick of the kernel's: up to 4 ms ago, for 3 ns.
    [[nodiscard]] static time_point coarse_now() noexcept {
      timespec at{};
      ::clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
      return time_point(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
    }
    /// How long to sleep until `deadline`: never shorter than what is left.
    [[nodiscard]] static duration until(time_point deadline) noexcept {
      const time_point from = now();
      return deadline > from ? deadline - from : duration::zero();
    }
  };
};

/// Time that stands still while anything can run, and jumps to the next deadline when nothing can: a test of an hour's
/// timeouts ends in a microsecond, and always in the same order.
///
/// Threads  Only with `single_thread`: with two workers nobody could say that nothing can run.
struct virtual_clock : family::clock {
  static constexpr auto word = fixed_string("virtual_clock");

  class source {
   public:
    [[nodiscard]] time_point now() const noexcept { return now_; }
    [[nodiscard]] duration until(time_point deadline) noexcept {
      if (deadline > now_) now_ = deadline;
      return duration::zero();
    }

   private:
    time_point now_{};
  };
};

/// Contract of the clock family. `source` is one a runtime; now() is monotonic; until(deadline) is what a worker with
/// nothing to run asks before it sleeps, and a clock that is not real may answer by letting the time pass. It may have
/// a coarse_now(), cheaper and a little behind.
template <class P>
concept clock_policy = policy_of<P, family::clock> && requires(typename P::source source, time_point deadline) {
  { source.now() } noexcept -> std::same_as<time_point>;
  { source.until(deadline) } noexcept -> std::same_as<duration>;
};

namespace detail {

/// So long after `from`, or never where that lies behind the end of time.
[[nodiscard]] constexpr time_point after(time_point from, duration length) noexcept {
  return length < never - from ? from + length : never;
}

/// The cheaper reading of a clock that has one.
template <class Source>
[[nodiscard]] time_point coarse_now(const Source& clock) noexcept {
  if constexpr (requires { clock.coarse_now(); }) {
    return clock.coarse_now();
  } else {
    return clock.now();
  }
}

}  // namespace detail

static_assert(clock_policy<steady>);
static_assert(clock_policy<virtual_clock>);

}  // namespace tenon
