// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/on_stop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/sync/detail/permits.hpp>

namespace tenon {

/// A turnstile: set() lets one through, the first that waits or else the next that comes, and is then spent.
///
///     tenon::auto_event more;
///     for (;;) {
///       co_await more.wait();   // however often it was set meanwhile
///       take_all();
///     }
///
/// Order         FIFO.
/// Cost          One CAS each while nobody waits.
/// Threads       wait: on a worker of a runtime. set, reset, is_set: any thread. What was done before any set() is seen
///               by the wait() that takes it, also where it was set already.
/// Errors        wait: operation_canceled.
/// Cancellation  A stop request ends the waiting and takes no set() away.
/// When not      Each set() must count: semaphore. Values go with it: channel.
template <class Threading = multi_thread>
class basic_auto_event {
 public:
  using threading = Threading;

  explicit basic_auto_event(bool set = false) noexcept : open_(set ? 1 : 0) {}

  /// Gives a result<void>.
  [[nodiscard]] auto wait(on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::permit_wait<Threading>(open_, 1, 1, stop);
  }
  /// Takes it without waiting; false when it is not set.
  [[nodiscard]] bool try_wait() noexcept { return open_.try_take(1, 1); }
  void set() noexcept { open_.give(1, 1); }
  void reset() noexcept { open_.clear(); }
  [[nodiscard]] bool is_set() const noexcept { return open_.available() != 0; }

 private:
  detail::syncing::permits<Threading> open_;
};

using auto_event = basic_auto_event<>;

}  // namespace tenon
