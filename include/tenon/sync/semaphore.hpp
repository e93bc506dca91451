// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/on_stop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/sync/detail/guard.hpp>
#include <tenon/sync/detail/permits.hpp>

#include <cassert>
#include <cstddef>

namespace tenon {

/// A number of permits that tasks take, and wait for when there are too few.
///
///     tenon::semaphore at_once(16);
///     auto held = co_await at_once.hold();   // gives it back by itself
///     if (!held) co_return;
///
/// Order         FIFO: a request for many holds up those behind it, so it is not starved by small ones.
/// Cost          While nobody waits: one CAS to acquire, one to release. Otherwise as mutex.
/// Threads       acquire, hold: on a worker of a runtime. release, try_acquire: any thread.
/// Errors        operation_canceled. More than `most` permits is a programming mistake and asserts.
/// Cancellation  A stop request ends the waiting and nothing is taken; those behind are served if they can be now.
/// When not      For one permit that the taker gives back: mutex. To pass values: channel.
template <class Threading = multi_thread>
class basic_semaphore {
  struct counted {
    static constexpr std::size_t ceiling = detail::syncing::permits<Threading>::most;
  };

 public:
  using threading = Threading;
  using guard = detail::syncing::guard<Threading, counted>;
  static constexpr std::size_t most = detail::syncing::permits<Threading>::most;

  explicit basic_semaphore(std::size_t permits) noexcept : free_(permits) {}

  /// Takes `count` permits; gives a result<void>.
  [[nodiscard]] auto acquire(std::size_t count = 1, on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::permit_wait<Threading>(free_, count, count, stop);
  }
  /// Takes `count` permits; gives a result<guard>, whose guard releases them.
  [[nodiscard]] auto hold(std::size_t count = 1, on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::guard_wait<Threading, counted>(free_, count, stop);
  }
  /// False when there are too few, or somebody waits.
  [[nodiscard]] bool try_acquire(std::size_t count = 1) noexcept { return free_.try_take(count, count); }
  void release(std::size_t count = 1) noexcept {
    assert(count <= most - free_.available() && "tenon::semaphore: more permits than there can be");
    free_.give(count, most);
  }
  /// How many there were a moment ago.
  [[nodiscard]] std::size_t available() const noexcept { return free_.available(); }

 private:
  detail::syncing::permits<Threading> free_;
};

using semaphore = basic_semaphore<>;

}  // namespace tenon
