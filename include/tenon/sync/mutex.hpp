// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/on_stop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/sync/detail/guard.hpp>
#include <tenon/sync/detail/permits.hpp>

#include <cstddef>

namespace tenon {

/// A lock that a coroutine may hold across a `co_await`, and that parks coroutines, not threads.
///
///     tenon::mutex door;
///     auto held = co_await door.lock();
///     if (!held) co_return held.error();   // asked to stop while it waited
///     ...                                  // the guard unlocks
///
/// Shape         24 bytes and a std::mutex; with single_thread no mutex. `basic_mutex<R::threading>` fits runtime R.
/// Order         FIFO: unlock hands it to the first in line, and nobody overtakes. Not recursive.
/// Cost          Free: lock and unlock are one CAS each. Otherwise a few instructions under a std::mutex, and no
///               allocation: who waits lies in its own frame. A coroutine that always finds it free goes through its
///               worker's queue after 128 awaits in a row.
/// Threads       lock: on a worker of a runtime. try_lock, unlock: any thread, also another than the one that locked.
/// Errors        operation_canceled.
/// Cancellation  A stop request ends the waiting: the lock is not held. Where the lock came first it is held, and the
///               result says so. on_stop::finish waits in spite of it.
/// When not      Nothing is awaited while it is held: a std::mutex, or a worker of its own, is cheaper.
template <class Threading = multi_thread>
class basic_mutex {
  struct exclusive {
    static constexpr std::size_t ceiling = 1;
  };

 public:
  using threading = Threading;
  using guard = detail::syncing::guard<Threading, exclusive>;

  basic_mutex() noexcept : free_(1) {}

  /// Gives a result<guard>.
  [[nodiscard]] auto lock(on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::guard_wait<Threading, exclusive>(free_, 1, stop);
  }
  /// The guard holds nothing when somebody else has the lock.
  [[nodiscard]] guard try_lock() noexcept { return free_.try_take(1, 1) ? guard(free_, 1) : guard(); }

 private:
  detail::syncing::permits<Threading> free_;
};

using mutex = basic_mutex<>;

}  // namespace tenon
