// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/on_stop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/sync/detail/permits.hpp>

#include <atomic>
#include <cassert>
#include <cstddef>

namespace tenon {

/// Counts down to zero, once, and lets all through that wait for it.
///
///     tenon::latch loaded(3);
///     loaded.count_down();      // three times, on any thread
///     co_await loaded.wait();
///
/// Cost          count_down: one atomic decrement; the last one more CAS, and those who wait are sent on in one go.
/// Threads       wait: on a worker of a runtime. count_down: any thread. What was done before any of the decrements is
///               seen after wait(). The only one that waits may destroy it as soon as wait() has come to its end.
/// Errors        wait: operation_canceled. Counting below zero is a programming mistake and asserts.
/// Cancellation  A stop request ends the waiting. A count that arrive_and_wait() has taken off stays taken off.
/// When not      The tasks are in a scope or a when_all: those wait for them already.
template <class Threading = multi_thread>
class basic_latch {
 public:
  using threading = Threading;

  explicit basic_latch(std::size_t count) noexcept : left_(count), open_(count == 0 ? 1 : 0) {}

  void count_down(std::size_t by = 1) noexcept {
    // Each decrement is behind those before it, so that the last one has all of them behind it.
    const std::size_t before = left_.fetch_sub(by, std::memory_order_acq_rel);
    assert(by <= before && "tenon::latch: counted below zero");
    if (by != 0 && before == by) open_.give(1, 1);
  }
  /// Whether it has come to zero.
  [[nodiscard]] bool try_wait() const noexcept { return open_.available() != 0; }
  /// Gives a result<void>.
  [[nodiscard]] auto wait(on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::permit_wait<Threading>(open_, 1, 0, stop);
  }
  /// Counts down when it is called, and gives what wait() gives.
  [[nodiscard]] auto arrive_and_wait(std::size_t by = 1, on_stop stop = on_stop::cancel) noexcept {
    count_down(by);
    return wait(stop);
  }

 private:
  typename Threading::template atomic<std::size_t> left_;
  detail::syncing::permits<Threading> open_;
};

using latch = basic_latch<>;

}  // namespace tenon
