// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/on_stop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/sync/detail/guard.hpp>
#include <tenon/sync/detail/permits.hpp>

#include <cstddef>

namespace tenon {

/// A lock that many readers or one writer hold.
///
///     tenon::shared_mutex door;
///     auto reading = co_await door.lock_shared();
///     auto writing = co_await door.lock();
///
/// Order         FIFO over both: a reader that comes after a waiting writer waits behind it, so neither starves.
///               Therefore who holds it as a reader must not ask for it again: a writer may be in between.
/// Cost          One CAS each while nobody waits. Readers on many workers meet at one word.
/// Threads, Errors, Cancellation  As mutex.
/// When not      The reads are short: a mutex is as good, and cheaper to think about.
template <class Threading = multi_thread>
class basic_shared_mutex {
  static constexpr std::size_t all = detail::syncing::permits<Threading>::most;
  struct exclusive {
    static constexpr std::size_t ceiling = all;
  };
  struct shared {
    static constexpr std::size_t ceiling = all;
  };

 public:
  using threading = Threading;
  using guard = detail::syncing::guard<Threading, exclusive>;
  using shared_guard = detail::syncing::guard<Threading, shared>;

  basic_shared_mutex() noexcept : free_(all) {}

  /// Gives a result<guard>: the writer's.
  [[nodiscard]] auto lock(on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::guard_wait<Threading, exclusive>(free_, all, stop);
  }
  /// Gives a result<shared_guard>: a reader's.
  [[nodiscard]] auto lock_shared(on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::guard_wait<Threading, shared>(free_, 1, stop);
  }
  [[nodiscard]] guard try_lock() noexcept { return free_.try_take(all, all) ? guard(free_, all) : guard(); }
  [[nodiscard]] shared_guard try_lock_shared() noexcept {
    return free_.try_take(1, 1) ? shared_guard(free_, 1) : shared_guard();
  }

 private:
  detail::syncing::permits<Threading> free_;
};

using shared_mutex = basic_shared_mutex<>;

}  // namespace tenon
