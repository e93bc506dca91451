// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/on_stop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/sync/detail/permits.hpp>

namespace tenon {

/// A door that stays open: set() lets all through that wait and all that come, until reset().
///
///     tenon::event ready;
///     co_await ready.wait();   // here
///     ready.set();             // there, on any thread
///
/// Cost          wait() of one that is set: a load. set() with nobody waiting: one CAS; otherwise all of them are sent
///               on in one go.
/// Threads       wait: on a worker of a runtime. set, reset, is_set: any thread. What was done before set() is seen
///               after wait().
/// Errors        wait: operation_canceled.
/// Cancellation  A stop request ends the waiting, unless set() came first.
/// When not      One waiter for each set(): auto_event.
template <class Threading = multi_thread>
class basic_event {
 public:
  using threading = Threading;

  explicit basic_event(bool set = false) noexcept : open_(set ? 1 : 0) {}

  /// Gives a result<void>.
  [[nodiscard]] auto wait(on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::permit_wait<Threading>(open_, 1, 0, stop);
  }
  void set() noexcept { open_.give(1, 1); }
  void reset() noexcept { open_.clear(); }
  [[nodiscard]] bool is_set() const noexcept { return open_.available() != 0; }

 private:
  detail::syncing::permits<Threading> open_;
};

using event = basic_event<>;

}  // namespace tenon
