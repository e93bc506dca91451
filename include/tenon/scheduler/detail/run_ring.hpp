// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/core/work.hpp>
#include <tenon/scheduler/detail/growing_slots.hpp>

#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace tenon::detail {

/// A worker's ready queue: its owner pushes at the tail and pops at the head, others steal the older half at once.
///
/// Let h and t be the values of head_ and tail_, both only ever growing; slot(i) is the one of number i in the newest
/// block, of `capacity` slots (growing_slots). Invariants:
///   (1) h <= t <= h + capacity;
///   (2) only the owner writes t and the slots; it writes slot(t) only after it has seen some h > t - capacity;
///   (3) item i of [h, t) belongs to nobody yet; it is given to whoever moves h from <= i to > i by a CAS.
/// Why copying before the CAS is right. A thief reads h, then t, copies slot(h) .. slot(h+n-1) with n <= t - h, and
/// then does CAS(head_: h -> h+n). While it copies, the owner may go round and write over these slots, and the copies
/// are then rubbish. But slot(i) is written again only as item i + capacity, for which by (2) the owner has seen a
/// head > i >= h. That head is later than h in the modification order of head_, h never comes back (64 bits: 584 years
/// at a thousand million a second), so the CAS fails and the copies are thrown away. If the CAS succeeds, head_ was h
/// all along, nothing in [h, h+n) was rewritten, and by (3) the items are the thief's. A block that the owner has
/// replaced meanwhile is not written any more, so copies from it are as good. Slots are atomics only because of the
/// copies that are thrown away: a relaxed load is a plain load.
/// A slow thief may even find t - h > capacity. It copies no more than there is room for, and then its CAS fails.
///
/// Edges    A  push: tail_.store -> steal: tail_.load(acquire): slot, block and item written before are seen.
///          B  pop, steal: CAS head_ (release) -> push: head_.load(acquire): slot(i) has been read before the owner
///             writes it again, hence a thief whose CAS succeeds did not read the newer item (coherence).
///          C  pop, steal: CAS head_ (release) -> steal: head_.load(acquire): t >= h, for every CAS to h was done by a
///             thread that had seen, or written, a tail >= h. So t - h does not wrap round.
///          push publishes with a sequentially consistent store and empty() reads so: "push, then read whether anyone
///          sleeps" and "say I sleep, then read empty()" cannot both miss the other (see detail::parking).
/// Shape    Two cache lines, and 256 pointers at first; it grows. Items are not owned.
/// Cost     push: a store and an xchg; pop: one CAS; steal_into: one CAS for up to `batch`.
/// Threads  has_room, push, push_all, pop: the owner. steal_into: any, except on its own ring. empty, size_estimate:
///          any.
/// Source   Go's runqgrab, tokio's queue::Local; both with 32-bit counters, and a fixed size. Model:
///          tests/model/run_ring.cpp.
template <class Threading, std::size_t First = 256>
class run_ring {
  static_assert(std::has_single_bit(First), "tenon::run_ring<N>: N, the number of slots, must be a power of two");

 public:
  run_ring() : slots_(First) {}
  run_ring(const run_ring&) = delete;
  run_ring& operator=(const run_ring&) = delete;

  /// Whether one more item fits. It grows for that.
  [[nodiscard]] bool has_room() noexcept {
    const std::uint64_t t = tail_.load(std::memory_order_relaxed);  // ours alone
    if (t - seen_head_ < slots_.capacity()) return true;
    seen_head_ = head_.load(std::memory_order_acquire);  // edge B
    return t - seen_head_ < slots_.capacity() || slots_.grow(seen_head_, t);
  }

  /// Appends `item`; false when there is no room and no memory for more.
  [[nodiscard]] bool push(work& item) noexcept {
    if (!has_room()) return false;
    const std::uint64_t t = tail_.load(std::memory_order_relaxed);
    slots_.write(t, &item);
    tail_.store(t + 1, std::memory_order_seq_cst);
    return true;
  }

  /// Moves items from the front of `list` until one of the two is exhausted; the others see all of them at once.
  /// Gives how many were moved.
  std::size_t push_all(work_list& list) noexcept {
    const std::uint64_t t = tail_.load(std::memory_order_relaxed);
    seen_head_ = head_.load(std::memory_order_acquire);
    const std::uint64_t limit = seen_head_ + slots_.capacity();
    std::uint64_t end = t;
    while (end != limit && !list.empty()) slots_.write(end++, list.pop());
    if (end != t) tail_.store(end, std::memory_order_seq_cst);
    return static_cast<std::size_t>(end - t);
  }

  /// The oldest item, or nullptr.
  [[nodiscard]] work* pop() noexcept {
    std::uint64_t h = head_.load(std::memory_order_relaxed);
    const std::uint64_t t = tail_.load(std::memory_order_relaxed);
    while (h != t) {
      work* const item = slots_.read(h);  // written by this very thread
      if (head_.compare_exchange_strong(h, h + 1, std::memory_order_release, std::memory_order_relaxed)) return item;
    }
    return nullptr;
  }

  /// Takes the older half of this ring, rounded up, but at most `batch`: the oldest into `first`, to be run at once,
  /// the rest onto the tail of `mine`, the caller's own ring, in order and as far as there is room. Gives how many were
  /// taken, with `first`; when 0, `first` is untouched.
  [[nodiscard]] std::size_t steal_into(run_ring& mine, work*& first) noexcept {
    assert(this != &mine);
    const std::uint64_t mine_t = mine.tail_.load(std::memory_order_relaxed);
    mine.seen_head_ = mine.head_.load(std::memory_order_acquire);
    const std::uint64_t free = mine.slots_.capacity() - (mine_t - mine.seen_head_);
    const std::uint64_t room = free < batch ? free : batch - 1;
    std::uint64_t h = head_.load(std::memory_order_acquire);
    for (;;) {
      const std::uint64_t there = tail_.load(std::memory_order_acquire) - h;
      if (there == 0) return 0;
      const std::uint64_t half = there - there / 2;
      const std::uint64_t n = half <= room ? half : room + 1;
      work* const oldest = slots_.glance(h);
      for (std::uint64_t i = 1; i < n; ++i) {  // beyond mine's tail: nobody looks there yet
        mine.slots_.write(mine_t + i - 1, slots_.glance(h + i));
      }
      if (head_.compare_exchange_strong(h, h + n, std::memory_order_acq_rel, std::memory_order_acquire)) {
        if (n > 1) mine.tail_.store(mine_t + n - 1, std::memory_order_seq_cst);
        first = oldest;
        return static_cast<std::size_t>(n);
      }
    }
  }

  /// Whether there was nothing at some instant during the call.
  [[nodiscard]] bool empty() const noexcept { return size_estimate() == 0; }

  /// How many there are; exact for the owner but for what is being stolen.
  [[nodiscard]] std::size_t size_estimate() const noexcept {
    const std::uint64_t h = head_.load(std::memory_order_acquire);  // first, so that t >= h (edge C)
    return static_cast<std::size_t>(tail_.load(std::memory_order_seq_cst) - h);
  }

 private:
  /// While a thief copies, each pop of the owner undoes its work: it takes no more than is copied in the time of a few.
  static constexpr std::uint64_t batch = 32;

  alignas(cache_line) typename Threading::template atomic<std::uint64_t> head_{0};
  alignas(cache_line) typename Threading::template atomic<std::uint64_t> tail_{0};
  growing_slots<Threading> slots_;
  std::uint64_t seen_head_ = 0;  // the owner's
};

/// The ready queue of a runtime of one thread: a plain ring of a fixed size, for what does not fit costs no lock there.
template <std::size_t Capacity>
class run_ring<single_thread, Capacity> {
  static_assert(std::has_single_bit(Capacity), "tenon::run_ring<N>: N, the number of slots, must be a power of two");

 public:
  static constexpr std::size_t capacity = Capacity;

  run_ring() = default;
  run_ring(const run_ring&) = delete;
  run_ring& operator=(const run_ring&) = delete;

  [[nodiscard]] bool has_room() const noexcept { return tail_ - head_ < Capacity; }
  [[nodiscard]] bool push(work& item) noexcept {
    if (!has_room()) return false;
    slots_[tail_++ & (Capacity - 1)] = &item;
    return true;
  }
  std::size_t push_all(work_list& list) noexcept {
    std::size_t moved = 0;
    while (!list.empty() && push(*list.front())) {
      (void)list.pop();
      ++moved;
    }
    return moved;
  }
  [[nodiscard]] work* pop() noexcept { return head_ == tail_ ? nullptr : slots_[head_++ & (Capacity - 1)]; }
  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
  [[nodiscard]] std::size_t size_estimate() const noexcept { return static_cast<std::size_t>(tail_ - head_); }

 private:
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  work* slots_[Capacity]{};
};

}  // namespace tenon::detail
