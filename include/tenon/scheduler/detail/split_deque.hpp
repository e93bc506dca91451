// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/work.hpp>
#include <tenon/scheduler/detail/growing_slots.hpp>

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace tenon::detail {

/// A worker's ready queue in two parts: a private one, in which its owner pushes and pops the newest first by plain
/// operations, and a shared one, of which thieves take the older half.
///
/// Let h and s be the values of head_ and split_, b that of bottom_. Items [h, s) are shared, [s, b) private.
/// Invariants:
///   (1) h <= s <= b <= h + capacity; h and s only grow;
///   (2) only the owner writes s, b and the slots. It writes slot(i) only for i >= s, and only after it has seen a head
///       above i - capacity;
///   (3) item i of [h, s) belongs to nobody yet; it is given to whoever moves h from <= i to > i by a CAS, the owner or
///       a thief. Items [s, b) are the owner's alone, and b is read by no other thread;
///   (4) when push or pop returns, the private part is empty, or the shared part was not when the owner looked during
///       that call, or the owner has shared half during that call.
/// By (1) to (3) the shared part is a run_ring with s for its tail, and its argument holds here: an item, once shared,
/// never becomes private again under its number (the owner takes it from the head, as a thief does), so that copying
/// before the CAS is right. A deque whose split goes back would hand out one number twice, and the CAS could not tell.
///
/// What thieves see. The parking protocol (detail::parking) holds for the shared part as it does for a ring, for it is
/// published by a sequentially consistent store of split_, and empty() reads that. Of the private part it holds:
///   (a) A worker that lies down has none: its own pop() has given nullptr.
///   (b) Let worker v sleep and owner p have private items. By (4) p's last push or pop left something shared, of which
///       theorem 2 says that a worker was called for it or was searching; v sleeps, so others have taken it all since,
///       and p is running an item. When that item pushes or ends, p finds the shared part empty; it shares and calls
///       a sleeper, for "is anyone wanted" is asked after each push, and after a pop when published() says so.
///   Hence: if all workers sleep, no item is anywhere; and a private item stays out of a sleeper's reach for no longer
///   than its owner runs one item. That is the price: an item that runs for a second may keep the newer half of what
///   it pushed for a second, and one that blocks its thread until such a one has run does so for ever.
///
/// Lace and Wool have thieves raise a flag when they find nothing, and their owners look at that. Here the owner looks
/// whether the shared part is empty, which is what the flag would say, and a flag can be late.
///
/// Edges    A  share: split_.store -> steal: split_.load(acquire): slots, block and items are seen by the thief.
///          B  take, steal: CAS head_ (release) -> has_room: head_.load(acquire): the slot has been read before it is
///             written again.
///          C  CAS head_ (release) -> steal: head_.load(acquire): s >= h, as in run_ring.
/// Starving Every `oldest_every`-th pop is of the oldest that is shared.
/// Shape    Three cache lines, and 256 pointers at first; it grows. Items are not owned.
/// Cost     push, pop in the private part: no read-modify-write; a load of a line that thieves write when they
///          steal. Sharing: an xchg for half of the private part. A pop of what is shared: a CAS. A steal: a CAS for
///          half, up to `batch`.
/// Threads  push, push_all, pop, has_room, published: the owner. steal_into: any, except on its own. empty: any.
/// Source   K. Faxen, "Wool: a work stealing library", 2009; T. van Dijk and J. van de Pol, "Lace: non-blocking split
///          deque for work-stealing", 2014. Model: tests/model/split_deque.cpp, parking_split.cpp.
template <class Threading, std::size_t First = 256>
class split_deque {
 public:
  split_deque() : slots_(First) {}
  split_deque(const split_deque&) = delete;
  split_deque& operator=(const split_deque&) = delete;

  /// Whether one more item fits. It grows for that.
  [[nodiscard]] bool has_room() noexcept {
    if (bottom_ - seen_head_ < slots_.capacity()) return true;
    seen_head_ = head_.load(std::memory_order_acquire);  // edge B
    return bottom_ - seen_head_ < slots_.capacity() || slots_.grow(seen_head_, bottom_);
  }

  /// Puts `item` at the bottom; false when there is no room and no memory for more.
  [[nodiscard]] bool push(work& item) noexcept {
    if (!has_room()) return false;
    slots_.write(bottom_++, &item);
    share_if_dry();
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
      slots_.write(bottom_++, &item);
    }
    assert(turned == nullptr && "a batch is less than what an empty deque holds");
    share_if_dry();
  }

  /// The newest private item, now and then or when there is none the oldest shared one, or nullptr.
  [[nodiscard]] work* pop() noexcept {
    work* item = nullptr;
    if (bottom_ == own_split_ || ++since_oldest_ >= oldest_every) {
      since_oldest_ = 0;
      item = take();
    }
    if (item == nullptr && bottom_ != own_split_) item = slots_.read(--bottom_);
    share_if_dry();
    return item;
  }

  /// Whether something was shared since this was last asked.
  [[nodiscard]] bool published() noexcept { return std::exchange(published_, false); }

  /// Takes the older half of what is shared, rounded up, at most `batch`: the oldest into `first`, to be run at once,
  /// the rest into `mine`, the caller's own deque, as far as there is room. Gives how many were taken; when 0, `first`
  /// is untouched.
  [[nodiscard]] std::size_t steal_into(split_deque& mine, work*& first) noexcept {
    assert(this != &mine);
    if (!mine.has_room()) return 0;
    const std::uint64_t free = mine.slots_.capacity() - (mine.bottom_ - mine.seen_head_);
    const std::uint64_t room = free < batch ? free : batch - 1;
    std::uint64_t h = head_.load(std::memory_order_acquire);
    for (;;) {
      const std::uint64_t there = split_.load(std::memory_order_acquire) - h;
      if (there == 0) return 0;
      const std::uint64_t half = there - there / 2;
      const std::uint64_t n = half <= room ? half : room + 1;
      work* const oldest = slots_.glance(h);
      for (std::uint64_t i = 1; i < n; ++i) {  // private to mine: the newest first, so that the owner pops the oldest
        mine.slots_.write(mine.bottom_ + n - 1 - i, slots_.glance(h + i));
      }
      if (head_.compare_exchange_strong(h, h + n, std::memory_order_acq_rel, std::memory_order_acquire)) {
        mine.bottom_ += n - 1;
        mine.share_if_dry();
        first = oldest;
        return static_cast<std::size_t>(n);
      }
    }
  }

  /// Whether nothing was shared at some instant during the call.
  [[nodiscard]] bool empty() const noexcept { return size_estimate() == 0; }

  /// How many are shared.
  [[nodiscard]] std::size_t size_estimate() const noexcept {
    const std::uint64_t h = head_.load(std::memory_order_acquire);  // first, so that s >= h (edge C)
    return static_cast<std::size_t>(split_.load(std::memory_order_seq_cst) - h);
  }

 private:
  static constexpr unsigned oldest_every = 8;
  static constexpr std::uint64_t batch = 64;

  /// The oldest shared item, or nullptr.
  [[nodiscard]] work* take() noexcept {
    std::uint64_t h = head_.load(std::memory_order_relaxed);
    while (h != own_split_) {
      work* const item = slots_.read(h);  // written by this very thread
      if (head_.compare_exchange_strong(h, h + 1, std::memory_order_release, std::memory_order_relaxed)) return item;
    }
    return nullptr;
  }

  /// Keeps (4).
  void share_if_dry() noexcept {
    const std::uint64_t there = bottom_ - own_split_;
    if (there == 0) return;
    // It can only be later than what is read: if it is not own_split_ yet, the next look will see that.
    if (head_.load(std::memory_order_relaxed) != own_split_) return;
    own_split_ += there - there / 2;
    split_.store(own_split_, std::memory_order_seq_cst);
    published_ = true;
  }

  alignas(cache_line) typename Threading::template atomic<std::uint64_t> head_{0};
  alignas(cache_line) typename Threading::template atomic<std::uint64_t> split_{0};
  growing_slots<Threading> slots_;
  alignas(cache_line) std::uint64_t bottom_ = 0;  // the owner's, from here on
  std::uint64_t own_split_ = 0;                   // what it has written to split_
  std::uint64_t seen_head_ = 0;
  unsigned since_oldest_ = 0;
  bool published_ = false;
};

}  // namespace tenon::detail
