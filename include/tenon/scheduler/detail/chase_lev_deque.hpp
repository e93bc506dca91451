// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/work.hpp>
#include <tenon/scheduler/detail/growing_slots.hpp>

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace tenon::detail {

/// A worker's ready queue as a deque: its owner pushes and pops at the bottom, the newest first; others steal at the
/// top, the oldest first.
///
/// Let t and b be the values of top_ and bottom_. Items have the numbers t .. b-1. Invariants:
///   (1) t only grows, by CASes from i to i + 1, each of which gives item i to whoever did it;
///   (2) only the owner writes b and the slots; b <= t + capacity, and t <= b but for the instant of a pop;
///   (3) the owner takes item b-1 without a CAS only if, after it has written b-1 to bottom_, it reads t < b-1.
/// Let S be the order of the sequentially consistent operations; those on top_ and bottom_ marked below are in it.
/// Nobody gets an item twice: let a pop write bottom_ = n and read top_ <= n-1, and a thief CAS top_ from n to n + 1.
///   That thief has read top_ == n before bottom_, hence in S after the CAS to n, hence after the pop's read of top_,
///   hence after the pop's write of bottom_: so it reads a bottom_ that is n, and takes nothing, or one that was
///   written later, by a push, when item n was another one. For the last item both use the CAS.
/// Why reading the slot before the CAS is right: as in run_ring. Slot(n) is written again as number n + capacity, after
///   the owner has seen a top above n, and then the thief's CAS fails; or as number n after a pop of n, which the
///   above excludes.
///
/// Edges    A  push: bottom_.store -> steal: bottom_.load (S): slot, block and item are seen by the thief.
///          B  steal: CAS top_ (S) -> push: top_.load(acquire): the slot has been read before it is written again.
///          C  push publishes in S and empty() reads so: "push, then read whether anyone sleeps" and "say I sleep, then
///             read empty()" cannot both miss the other (see detail::parking).
///          There is no fence: the two stores of push and pop and the loads after them are in S themselves, which
///          costs as much on x86-64 (one xchg), and thread sanitizers understand it.
/// Starving Every `oldest_every`-th pop is of the oldest, as a thief's.
/// Shape    Two cache lines, and 256 pointers at first; it grows. Items are not owned.
/// Cost     push: an xchg; pop: an xchg, of the last item a CAS as well; a steal: a CAS an item.
/// Threads  push, push_all, pop, has_room: the owner. steal_into: any, except on its own deque. empty: any.
/// Source   D. Chase and Y. Lev, "Dynamic Circular Work-Stealing Deque", 2005; the orders after N. Le, A. Pop, A. Cohen
///          and F. Zappa Nardelli, "Correct and Efficient Work-Stealing for Weak Memory Models", 2013. Model:
///          tests/model/chase_lev.cpp.
template <class Threading, std::size_t First = 256>
class chase_lev_deque {
 public:
  chase_lev_deque() : slots_(First) {}
  chase_lev_deque(const chase_lev_deque&) = delete;
  chase_lev_deque& operator=(const chase_lev_deque&) = delete;

  /// Whether one more item fits. It grows for that.
  [[nodiscard]] bool has_room() noexcept {
    const std::int64_t b = bottom_.load(std::memory_order_relaxed);
    const auto capacity = static_cast<std::int64_t>(slots_.capacity());
    if (b - seen_top_ < capacity) return true;
    seen_top_ = top_.load(std::memory_order_acquire);  // edge B
    return b - seen_top_ < capacity || slots_.grow(number(seen_top_), number(b));
  }

  /// Puts `item` at the bottom; false when there is no room and no memory for more.
  [[nodiscard]] bool push(work& item) noexcept {
    if (!has_room()) return false;
    const std::int64_t b = bottom_.load(std::memory_order_relaxed);  // ours alone
    slots_.write(number(b), &item);
    bottom_.store(b + 1, std::memory_order_seq_cst);
    return true;
  }

  /// Puts in what the list holds, as far as there is room, so that the owner pops it in the order of the list.
  void push_all(work_list& list) noexcept {
    work* turned = nullptr;
    while (work* const item = list.pop()) {
      item->next = turned;
      turned = item;
    }
    while (turned != nullptr && has_room()) {
      work& item = *turned;
      turned = item.next;
      (void)push(item);
    }
    assert(turned == nullptr && "a batch is less than what an empty deque holds");
  }

  /// The newest item, now and then the oldest, or nullptr.
  [[nodiscard]] work* pop() noexcept {
    const std::int64_t b = bottom_.load(std::memory_order_relaxed) - 1;
    if (top_.load(std::memory_order_relaxed) > b) return nullptr;  // it only grows
    if (++since_oldest_ >= oldest_every) {
      since_oldest_ = 0;
      return steal();
    }
    bottom_.store(b, std::memory_order_seq_cst);
    std::int64_t t = top_.load(std::memory_order_seq_cst);
    if (t < b) return slots_.read(number(b));
    work* item = nullptr;
    if (t == b) {  // the last one: whoever moves top_ has it
      item = slots_.read(number(b));
      if (!top_.compare_exchange_strong(t, t + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) item = nullptr;
    }
    bottom_.store(b + 1, std::memory_order_relaxed);  // empty: nobody can take anything by it
    return item;
  }

  /// Takes the oldest item into `first`, to be run at once, and up to half of the others, at most `batch`, into `mine`,
  /// the caller's own deque. Gives how many were taken; when 0, `first` is untouched.
  [[nodiscard]] std::size_t steal_into(chase_lev_deque& mine, work*& first) noexcept {
    assert(this != &mine);
    work* const oldest = steal();
    if (oldest == nullptr) return 0;
    first = oldest;
    const std::size_t half = size_estimate() / 2;
    std::size_t taken = 1;
    for (std::size_t left = half < batch ? half : batch; left > 0 && mine.has_room(); --left, ++taken) {
      work* const next = steal();
      if (next == nullptr) break;
      (void)mine.push(*next);
    }
    return taken;
  }

  /// Whether there was nothing at some instant during the call.
  [[nodiscard]] bool empty() const noexcept { return size_estimate() == 0; }

  /// How many there are; exact for the owner but for what is being stolen.
  [[nodiscard]] std::size_t size_estimate() const noexcept {
    const std::int64_t t = top_.load(std::memory_order_seq_cst);  // first: what is pushed after it is not missed
    const std::int64_t there = bottom_.load(std::memory_order_seq_cst) - t;
    return there > 0 ? static_cast<std::size_t>(there) : 0;
  }

 private:
  static constexpr unsigned oldest_every = 8;
  static constexpr std::size_t batch = 15;

  [[nodiscard]] static std::uint64_t number(std::int64_t index) noexcept { return static_cast<std::uint64_t>(index); }

  /// The oldest item, or nullptr when there was none.
  [[nodiscard]] work* steal() noexcept {
    for (;;) {
      std::int64_t t = top_.load(std::memory_order_seq_cst);
      if (t >= bottom_.load(std::memory_order_seq_cst)) return nullptr;
      work* const item = slots_.glance(number(t));
      if (top_.compare_exchange_strong(t, t + 1, std::memory_order_seq_cst, std::memory_order_relaxed)) return item;
    }
  }

  alignas(cache_line) typename Threading::template atomic<std::int64_t> top_{0};
  alignas(cache_line) typename Threading::template atomic<std::int64_t> bottom_{0};
  growing_slots<Threading> slots_;
  std::int64_t seen_top_ = 0;  // the owner's
  unsigned since_oldest_ = 0;
};

}  // namespace tenon::detail
