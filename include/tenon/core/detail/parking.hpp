// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/threading.hpp>

#include <atomic>
#include <cstdint>

namespace tenon::detail {

/// The parking protocol: how a worker goes to sleep so that no work is left lying and nobody is woken for nothing.
///
/// Parts    Each worker has a `seat` and a sticky wake-up (its backend's wake(): an eventfd counter). The scheduler has
///          one `parking`: how many workers sleep, and how many search for work to steal.
///          "Look" below means: own inbox, every ring, the injection queue, the stop flag.
///
/// post to worker w        inbox.push(item) was true and w.seat.post()        ->  parking.one_less(); wake w
/// push to own ring, or    ring.push(item); parking.wanted()                  ->  call one: the first other worker v
///   to the injection      (a load; no store while nobody sleeps)                 with v.seat.call(): parking.called();
///   queue                                                                        wake v. None found: nothing to do
/// worker out of work      parking.search(); look and steal
///   found something       parking.found() (it was the last) and look again finds more  ->  call one; then run it
///   found nothing         parking.sleep(seat); look again;
///                         nothing: backend.wait(until the next timer); something: do not wait (or wait with 0), and
///                         after the rise parking.search() again, for only found() tells others of the rest
///                         seat.rise(): parked  nobody came:    parking.one_less(); go on, not searching
///                                      posted  a poster came:  go on, not searching; the inbox has something
///                                      called  a pusher came:  go on as a searcher: it has been counted as one
///   (what completions of wait() make ready is pushed at once; "call one" for it comes after seat.rise())
/// stop                    store the flag (seq_cst); wake all, whether parked or not
///
/// Let S be the single total order of the sequentially consistent operations; all those below are.
///
/// Theorem 1 (post). If all is quiet, no inbox of a sleeping worker holds an item.
///   The push that found the inbox empty is in S before that poster's read of seat. Either the read is before w's
///   store of `parked`: then push <S read <S store <S look, and w sees the item; or it is after, and then it sees
///   `parked` (and wakes w) or what somebody wrote who has claimed w before: w will rise, and look after that. Pushes
///   that found the inbox not empty rely on the one that did; the owner empties it whole.
/// Theorem 2 (push). If all is quiet and some worker sleeps, no ring and no injection queue holds an item.
///   The pusher p reads the counts after its push.
///   (a) sleeping == 0: every other worker v that sleeps later has its sleep() after that read in S, and looks after
///       it.
///   (b) searching > 0: searching <= the true number R of searchers, for a searcher is counted after it has been
///       claimed (in called()) or before it begins (in search()), and is taken off as it ends. So at p's read there was
///       a searcher, and the last of these to end, ends after it in S and sees a count <= 1. Ending by found(): it
///       looks again, sees the item, and calls another. Ending by sleep(): it looks again and sees the item.
///   (c) it scans. A seat it reads as awake, posted or called belongs to a worker whose next sleep() is after this
///       read, and which looks after that; a seat it reads as parked it claims, or somebody else has just claimed it.
///   sleeping >= the number of seats that are parked, always: it is raised before a seat is parked and lowered after.
///   An item is out of sight while a thief moves it between two rings; but the thief is a searcher until it has
///   published it, so (b) holds: whoever ends its search after the thief sees it, else the thief is last and calls.
///   A worker that is no searcher and moves items from the injection queue to its ring asks wanted() again once they
///   are there (published()): to the proof it has pushed them.
/// Theorem 3 (no herd). A burst of pushes wakes one worker, which wakes the next only when it has found work and there
///   is more: at most one wake-up for each item found, but for the instant between call() and called().
///
/// Cost     post: the inbox's CAS and one load. push: the ring's xchg and one load. sleep and rise: two RMWs and a
///          store.
/// Source   Go's runtime/proc.go ("Worker thread parking/unparking"); tokio's worker idle.rs. Model: parking.cpp.
template <class Threading>
class seat {
 public:
  enum state : std::uint32_t { awake, parked, posted, called };

  /// A poster, after inbox.push(): true when the worker slept and is now to be woken by the caller.
  [[nodiscard]] bool post() noexcept { return claim(posted); }
  /// A pusher that wants a searcher: true when the worker slept and is now to be woken by the caller.
  [[nodiscard]] bool call() noexcept { return claim(called); }
  /// The worker, back from waiting: who came.
  [[nodiscard]] state rise() noexcept { return static_cast<state>(state_.exchange(awake, std::memory_order_seq_cst)); }
  /// The worker, about to wait; it looks again afterwards. By parking::sleep where work is stolen.
  void sleep() noexcept { state_.store(parked, std::memory_order_seq_cst); }

 private:
  bool claim(state how) noexcept {
    std::uint32_t seen = state_.load(std::memory_order_seq_cst);
    return seen == parked && state_.compare_exchange_strong(seen, how, std::memory_order_seq_cst);
  }

  typename Threading::template atomic<std::uint32_t> state_{awake};
};

/// How many workers sleep and how many search, in one word: sleeping * 2^32 + searching, both signed, so that either
/// may be below zero for an instant without disturbing the other.
template <class Threading>
class parking {
 public:
  /// A pusher, after its push: whether to look for a worker to call.
  [[nodiscard]] bool wanted() const noexcept {
    const std::int64_t now = idle_.load(std::memory_order_seq_cst);
    return sleeping(now) > 0 && searching(now) <= 0;
  }
  /// Whether somebody sleeps or searches.
  [[nodiscard]] bool anyone() const noexcept { return idle_.load(std::memory_order_seq_cst) != 0; }
  /// A worker begins to look for work at others'.
  void search() noexcept { idle_.fetch_add(one_searching, std::memory_order_seq_cst); }
  /// A searcher has found work (and published what it will not run at once). True when it was the last searcher: then
  /// it looks whether there is more, and if so calls another.
  [[nodiscard]] bool found() noexcept {
    return searching(idle_.fetch_add(-one_searching, std::memory_order_seq_cst)) <= 1;
  }
  /// A searcher has found nothing and is about to wait. It looks again after this.
  void sleep(seat<Threading>& own) noexcept {
    idle_.fetch_add(one_sleeping - one_searching, std::memory_order_seq_cst);
    own.sleep();  // in this order: sleeping >= parked seats
  }
  /// After seat.call(): a sleeper has become a searcher.
  void called() noexcept { idle_.fetch_add(one_searching - one_sleeping, std::memory_order_seq_cst); }
  /// After seat.post(), or when seat.rise() finds that nobody came: a sleeper is awake.
  void one_less() noexcept { idle_.fetch_add(-one_sleeping, std::memory_order_seq_cst); }

 private:
  static constexpr std::int64_t one_searching = 1;
  static constexpr std::int64_t one_sleeping = std::int64_t{1} << 32;

  [[nodiscard]] static std::int32_t searching(std::int64_t word) noexcept { return static_cast<std::int32_t>(word); }
  [[nodiscard]] static std::int32_t sleeping(std::int64_t word) noexcept {
    return static_cast<std::int32_t>((word - searching(word)) >> 32);
  }

  alignas(cache_line) typename Threading::template atomic<std::int64_t> idle_{0};
};

}  // namespace tenon::detail
