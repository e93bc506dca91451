// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

namespace tenon::detail {

/// Whether one loop sleeps, and whether a wake-up is owed to it: a wake that finds it awake costs no system call.
///
///     running --park--> waiting --notify--> notified --unpark--> running
///     running --notify--> notified              (park then refuses: do not sleep)
///
/// Nothing is lost: let P be a waker's work before notify(), and V the loop's look at that work after unpark() or a
/// park() that refused. All transitions are read-modify-writes of one word, so they stand in one order, and each reads
/// the one before it.
///   - notify before park: park reads `notified` (or an RMW that read it: a release sequence), acquires P, refuses to
///     sleep, and V comes after P.
///   - notify after park: it reads `waiting`, and its caller rings the kernel's bell, which ends the sleep; unpark
///     reads `notified`, acquires P, and V comes after P.
///   - notify that reads `notified`: an earlier notify has rung or need not ring, and no unpark lies between the two
///     (it would have left `running`), so the unpark or the refused park still to come acquires both.
/// A bell rung late, after the loop woke for another reason, ends one later sleep early: harmless, as a signal would
/// be.
///
/// Threads  park and unpark: the loop's thread. notify: any. Model: tests/model/wake_word.cpp.
template <class Threading, bool = Threading::concurrent>
class wake_word {
  using atomic = typename Threading::template atomic<std::uint32_t>;

 public:
  static constexpr std::uint32_t running = 0;
  static constexpr std::uint32_t waiting = 1;
  static constexpr std::uint32_t notified = 2;

  /// Before a sleep. False: a wake-up is owed already, look for work instead.
  [[nodiscard]] bool park() noexcept {
    std::uint32_t expected = running;
    return word_.compare_exchange_strong(expected, waiting, std::memory_order_acq_rel, std::memory_order_acquire);
  }

  /// After a sleep, a refused park or a poll: takes the wake-ups that came.
  void unpark() noexcept {
    // A load first: a poll (which never parked) then costs no locked instruction. A notify that comes after it stays
    // for the next park.
    if (word_.load(std::memory_order_relaxed) != running) (void)word_.exchange(running, std::memory_order_acquire);
  }

  /// True: the loop sleeps, and the caller must ring its bell.
  [[nodiscard]] bool notify() noexcept { return word_.exchange(notified, std::memory_order_acq_rel) == waiting; }

  /// Whether a wake-up is owed, for a loop that looks around before it sleeps. It acquires as a park that refuses does.
  [[nodiscard]] bool is_owed() const noexcept { return word_.load(std::memory_order_acquire) == notified; }

  /// The word itself, for a futex.
  [[nodiscard]] atomic& word() noexcept { return word_; }

 private:
  atomic word_{running};
};

/// What a loop that no other thread can wake has instead.
template <class Threading>
struct wake_word<Threading, false> {
  [[nodiscard]] static constexpr bool park() noexcept { return true; }
  static constexpr void unpark() noexcept {}
  [[nodiscard]] static constexpr bool is_owed() noexcept { return false; }
};

}  // namespace tenon::detail
