// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/work.hpp>
#include <tenon/pipeline/detail/ticket.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace tenon::detail::weaving {

enum class entry : std::uint8_t { taken, full, rejected, dropped };

/// The most workers a stage may have: their idle bits share a word with the count of signals.
inline constexpr std::size_t max_workers = 31;

/// A worker of a stage: no thread and no coroutine, but a work item that is scheduled while there is something to do.
struct slot : work {
  void* fabric = nullptr;
  std::size_t index = 0;
};

/// What a joint has counted. `in` is what was offered to it, `out` what its stages have finished with, by a value or an
/// exception; `rejected` was turned away, or withdrawn while it waited for room; `dropped` was given up by an overflow
/// word; `timed_out` took longer than it may; `expired` waited longer than it may; `held` is in the queue, waiting for
/// room, or in a worker's hands. in == out + rejected + dropped + timed_out + expired + held.
struct joint_counts {
  std::string_view stage;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t rejected = 0;
  std::uint64_t dropped = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t expired = 0;
  std::uint64_t held = 0;
};

/// The place where one segment's items come in: a queue, those who wait for room in it, and the slots that empty it.
///
/// A slot is *idle* (its bit in state_ is set, nobody has it) or *active* (scheduled, running, or stalled at the joint
/// after this). state_ = [signals mod 2^32 | closed | idle bits]. Each entry ends with exactly one signal(): a CAS,
/// after the item is in the queue or the list, that adds a signal and makes at most one idle slot active, which the
/// caller then schedules. A slot goes idle by a CAS from a value of state_ that it read *before* a look that found
/// nothing to take.
///
/// No lost wake-up: never are all slots idle for good with an item in the queue or the list. All writes of state_ are
/// read-modify-writes, so they have one order, and each synchronizes with all before it (acquire, release). Take an
/// entry with signal S, and the slot that goes idle last, by L (load), a look, and R (CAS).
///   S before L   the entry is visible to the look: it has been taken, or the look would have found it.
///   S after R    S reads the idle bit, and makes a slot active.
///   between      R finds another value than L did, and fails.
/// A look may miss what is there: a ring says "empty" while an older push is under way, whose signal is still to come,
/// so that the cases hold for that one; and it says "full" to admit() while another slot's pop is under way, and that
/// slot, still active, looks at the list again before its own R. (The count wraps: a slot would have to stand still
/// between L and R for exactly 2^32 signals.)
///
/// Nothing is touched too late: the CAS of signal(), and that of going idle, is the last touch of whoever made it, but
/// for scheduling a slot, which cannot go idle before it has run. So a joint that has had as many signals as entries,
/// and whose slots are all idle, has been left by all threads: see quiet().
///
/// Led: the one slot hands items on to workers of its own, so that more than a signal brings it news. nudge() makes it
/// active, or, where it is that already, leaves a mark, with which it cannot go idle: the slot takes the mark off by
/// calm() before L, and refuses R if L has seen one. It goes idle settled or unsettled; settled, only a signal moves it
/// again, and unsettled the joint is not quiet.
///
/// One producer stays one: while a slot is stalled, its item is put into the queue by the consumer, under the mutex,
/// and the slot is scheduled after that: the role goes there and back along happens-before edges.
template <class Threading, class Queue, class Overflow, std::size_t Workers, bool Led = false>
class joint {
  static_assert(!Led || Workers == 1);
  using word = std::uint64_t;
  template <class T>
  using atomic = typename Threading::template atomic<T>;

  static constexpr word one_signal = word{1} << 32;
  static constexpr word closed_bit = word{1} << 31;
  static constexpr word all_idle = (word{1} << Workers) - 1;
  static constexpr word in_closed = word{1} << 63;
  static constexpr word nudged = Led ? word{1} << 1 : 0;
  static constexpr word settled = Led ? word{1} << 2 : 0;
  static constexpr word at_rest = all_idle | settled;
  static constexpr std::size_t level_count = [] {
    if constexpr (requires { Queue::level_count; }) {
      return Queue::level_count;
    } else {
      return std::size_t{1};
    }
  }();

 public:
  joint() = default;
  joint(const joint&) = delete;
  joint& operator=(const joint&) = delete;

  void set_up(void* fabric, work::function serve) noexcept {
    for (std::size_t i = 0; i < Workers; ++i) {
      slots_[i].run = serve;
      slots_[i].fabric = fabric;
      slots_[i].index = i;
    }
  }

  /// Counts an item in, before it can be counted out. False: closed, and the item is counted as rejected.
  [[nodiscard]] bool arrive() noexcept {
    if ((in_.fetch_add(1, std::memory_order_acq_rel) & in_closed) == 0) return true;
    rejected_.fetch_add(1, std::memory_order_release);
    return false;
  }

  /// The same where the entry is a stage's and is not closed: a slot that has an item is let finish.
  void count_in() noexcept { in_.fetch_add(1, std::memory_order_release); }

  /// Puts an item that has arrived into the queue. `full` is for a word that waits, and must be followed by wait().
  /// `lose` is called with a ticket that a producer takes out.
  template <class R, class Lose>
  [[nodiscard]] entry offer(R& rt, ticket& item, Lose lose) noexcept {
    entry outcome = entry::taken;
    if constexpr (Overflow::waits) {
      // Who comes while others wait goes behind them. Acquire: when none does, the last one is in the queue before us.
      if (waiting_.load(std::memory_order_acquire) != 0 || !push(item)) return entry::full;
    } else if (!push(item)) {
      if constexpr (Overflow::producer_pops) {
        if (const std::optional<ticket*> oldest = pop_for(item)) {
          dropped_.fetch_add(1, std::memory_order_release);
          tell_dropped(rt);
          lose(**oldest);
        }
      }
      // A ring may still say "full" while somebody is emptying the slot that is next: then this one is it.
      if (!Overflow::producer_pops || !push(item)) {
        outcome = Overflow::rejects ? entry::rejected : entry::dropped;
        (Overflow::rejects ? rejected_ : dropped_).fetch_add(1, std::memory_order_release);
        if constexpr (!Overflow::rejects) tell_dropped(rt);
      }
    }
    signal(rt);
    return outcome;
  }

  /// Lets an item wait for room, and the slot that has it, which is then scheduled when there is.
  template <class R>
  void stall(R& rt, ticket& item, slot& holder) noexcept {
    {
      const std::lock_guard hold(mutex_);
      item.stalled = &holder;
      line_up(item);
    }
    signal(rt);
  }
  /// Lets an item wait for room that its submitter may withdraw. False: it has done so, and the item is rejected.
  template <class R>
  [[nodiscard]] bool wait(R& rt, ticket& item) noexcept {
    bool waits = false;
    {
      const std::lock_guard hold(mutex_);
      waits = item.where != ticket::place::withdrawn;
      if (waits) {
        item.where = ticket::place::waiting;
        line_up(item);
      } else {
        rejected_.fetch_add(1, std::memory_order_release);
      }
    }
    signal(rt);
    return waits;
  }
  /// Any thread. True: the item waited, and is the caller's now. False: it will not wait any more, or is on its way.
  [[nodiscard]] bool withdraw(ticket& item) noexcept {
    const std::lock_guard hold(mutex_);
    const bool waited = std::exchange(item.where, ticket::place::withdrawn) == ticket::place::waiting;
    if (waited) {
      list_of(item).remove(item);
      rejected_.fetch_add(1, std::memory_order_release);
      waiting_.store(waiting_.load(std::memory_order_relaxed) - 1, std::memory_order_release);
    }
    return waited;
  }

  /// A slot's: the oldest item, or nullptr. Lets in those who wait for the room that this makes.
  template <class R>
  [[nodiscard]] ticket* take(R& rt) noexcept {
    if constexpr (Overflow::waits && level_count > 1) {  // one of a better level may be there, where there is room
      if (waiting_.load(std::memory_order_acquire) != 0) admit(rt);
    }
    std::optional<ticket*> item = queue_.try_pop();
    if constexpr (Overflow::waits) {
      if (waiting_.load(std::memory_order_acquire) != 0) {
        admit(rt);
        if (!item) item = queue_.try_pop();
      }
    }
    return item ? *item : nullptr;
  }

  /// A slot's: counts its item out, before it is handed on.
  void leave() noexcept {
    if constexpr (Workers == 1) {
      out_.store(out_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    } else {
      out_.fetch_add(1, std::memory_order_release);
    }
  }

  /// A slot's: counts out an item that took too long.
  void expire() noexcept { timed_out_.fetch_add(1, std::memory_order_release); }
  /// A slot's: gives an item up that it has taken.
  void refuse() noexcept { rejected_.fetch_add(1, std::memory_order_release); }
  /// A slot's: the same for an item that waited too long.
  void count_expired() noexcept { expired_.fetch_add(1, std::memory_order_release); }

  [[nodiscard]] word look() const noexcept { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] static bool closed(word seen) noexcept { return (seen & closed_bit) != 0; }
  [[nodiscard]] bool go_idle(word seen, const slot& me) noexcept {
    return state_.compare_exchange_strong(seen, seen | word{1} << me.index, std::memory_order_acq_rel,
                                          std::memory_order_relaxed);
  }

  // Where the slot leads workers.

  /// There is news for the slot. Not after it is settled and the last item has come.
  template <class R>
  void nudge(R& rt) noexcept {
    word seen = state_.load(std::memory_order_relaxed);
    word then = 0;
    do {
      then = (seen & all_idle) != 0 ? seen & ~at_rest : seen | nudged;
    } while (!state_.compare_exchange_strong(seen, then, std::memory_order_acq_rel, std::memory_order_relaxed));
    if ((seen & all_idle) != 0) rt.schedule(slots_[0]);
  }
  /// The same where it may be that nothing is left for it to do, and it is not to be touched then.
  template <class R>
  void nudge_unless_settled(R& rt) noexcept {
    if ((look() & at_rest) != at_rest) nudge(rt);
  }
  /// The slot's, before look(): it will see what it was nudged for until now.
  void calm() noexcept {
    word seen = state_.load(std::memory_order_relaxed);
    while ((seen & nudged) != 0 && !state_.compare_exchange_strong(seen, seen & ~nudged, std::memory_order_acq_rel,
                                                                   std::memory_order_relaxed)) {
    }
  }
  [[nodiscard]] bool go_idle(word seen, bool is_settled) noexcept {
    return (seen & nudged) == 0 && state_.compare_exchange_strong(seen, seen | all_idle | (is_settled ? settled : 0),
                                                                  std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  /// Lets no more items in; gives how many there were.
  [[nodiscard]] std::uint64_t close_entry() noexcept { return in_.fetch_add(in_closed, std::memory_order_acq_rel); }
  /// Tells the slots that somebody waits for them to be idle.
  void close() noexcept { state_.fetch_add(closed_bit, std::memory_order_acq_rel); }
  [[nodiscard]] std::uint64_t entries() const noexcept { return in_.load(std::memory_order_acquire) & ~in_closed; }
  /// Whether all of `entries`, after which there will be no more, are through, and no thread is inside.
  [[nodiscard]] bool quiet(std::uint64_t expected) noexcept {
    const std::lock_guard hold(mutex_);  // who withdraws an item does it inside
    const word now = look();
    return (now & at_rest) == at_rest && now >> 32 == (expected & (one_signal - 1));
  }

  /// All counts at one instant: that at which `in` is read, if the others, which only grow, are the same before and
  /// after it. Under a load where they never are, `held` may also have some of what came in during the look. It is
  /// never short: each of the others is added after `in`, and released.
  [[nodiscard]] joint_counts counts(std::string_view stage) const noexcept {
    joint_counts seen{.stage = stage};
    const auto look_again = [&] {
      const std::uint64_t out = std::exchange(seen.out, out_.load(std::memory_order_acquire));
      const std::uint64_t rejected = std::exchange(seen.rejected, rejected_.load(std::memory_order_acquire));
      const std::uint64_t dropped = std::exchange(seen.dropped, dropped_.load(std::memory_order_acquire));
      const std::uint64_t late = std::exchange(seen.timed_out, timed_out_.load(std::memory_order_acquire));
      const std::uint64_t expired = std::exchange(seen.expired, expired_.load(std::memory_order_acquire));
      return out == seen.out && rejected == seen.rejected && dropped == seen.dropped && late == seen.timed_out &&
             expired == seen.expired;
    };
    (void)look_again();
    seen.in = entries();
    for (int tries = 0; tries < 64 && !look_again(); ++tries) seen.in = entries();
    seen.held = seen.in - seen.out - seen.rejected - seen.dropped - seen.timed_out - seen.expired;
    return seen;
  }

 private:
  [[nodiscard]] bool push(ticket& item) noexcept { return queue_.try_push(&item); }
  /// The oldest, out of whose place `item` has room.
  [[nodiscard]] std::optional<ticket*> pop_for([[maybe_unused]] const ticket& item) noexcept {
    if constexpr (requires { queue_.try_pop_for(item); }) {
      return queue_.try_pop_for(item);
    } else {
      return queue_.try_pop();
    }
  }

  /// For the report of a runtime that makes one. A rejected item is not among them: its submitter has it back.
  template <class R>
  static void tell_dropped(R& rt) noexcept {
    if constexpr (requires { rt.count_dropped(1); }) rt.count_dropped(1);
  }

  template <class R>
  void signal(R& rt) noexcept {
    word seen = state_.load(std::memory_order_relaxed);
    word idle = 0;
    do {
      idle = seen & all_idle;
      idle &= ~idle + 1;  // the lowest bit, if any
    } while (!state_.compare_exchange_strong(seen, (seen + one_signal) & ~(idle != 0 ? idle | settled : 0),
                                             std::memory_order_acq_rel, std::memory_order_relaxed));
    if (idle != 0) rt.schedule(slots_[static_cast<std::size_t>(std::countr_zero(idle))]);
  }

  /// Where an item waits for room: behind those of its own level alone.
  [[nodiscard]] ticket_list& list_of([[maybe_unused]] const ticket& item) noexcept {
    if constexpr (level_count == 1) {
      return lists_[0];
    } else {
      return lists_[item.level < level_count ? item.level : level_count - 1];
    }
  }
  void line_up(ticket& item) noexcept {
    list_of(item).push_back(item);
    waiting_.store(waiting_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  template <class R>
  void admit(R& rt) noexcept {
    const std::lock_guard hold(mutex_);
    for (ticket_list& list : lists_) admit_of(list, rt);
  }
  template <class R>
  void admit_of(ticket_list& list, R& rt) noexcept {
    while (ticket* const item = list.front()) {
      work* const stalled = item->stalled;  // once it is pushed, the ticket is somebody else's
      list.remove(*item);
      if (stalled == nullptr) item->where = ticket::place::elsewhere;
      if (!push(*item)) {
        if (stalled == nullptr) item->where = ticket::place::waiting;
        list.push_front(*item);
        return;
      }
      waiting_.store(waiting_.load(std::memory_order_relaxed) - 1, std::memory_order_release);
      if (stalled != nullptr) rt.schedule(*stalled);
    }
  }

  Queue queue_;
  alignas(cache_line) atomic<word> state_{at_rest};  // this line is the producers': a busy slot does not touch it
  atomic<std::uint64_t> in_{0};
  atomic<std::uint64_t> rejected_{0};
  atomic<std::uint64_t> dropped_{0};
  atomic<std::uint64_t> timed_out_{0};
  alignas(cache_line) atomic<std::size_t> waiting_{0};  // both sides read it, and it seldom changes
  [[no_unique_address]] typename Threading::mutex mutex_;
  std::array<ticket_list, level_count> lists_;
  alignas(cache_line) atomic<std::uint64_t> out_{0};  // the slots'
  atomic<std::uint64_t> expired_{0};
  std::array<slot, Workers> slots_;
};

}  // namespace tenon::detail::weaving
