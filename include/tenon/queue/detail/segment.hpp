// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/queue/detail/slot.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>

namespace tenon::detail {

/// A stretch of an unbounded queue: the slots of the tickets first .. first + Size - 1.
///
/// left    How many of these tickets have not been emptied, and one more until the consumers have gone on to `next`.
/// first, next  Read and written under the mutex of the chain.
template <class T, class Threading, std::size_t Size>
struct segment {
  template <class V>
  using atomic = typename Threading::template atomic<V>;
  struct numbered {
    atomic<std::size_t> number;
    slot<T, Threading> element;
  };

  segment() noexcept { assign(0); }

  /// Release: who reads a number sees that the element before it in this slot is gone.
  void assign(std::size_t from) noexcept {
    first = from;
    next = nullptr;
    left.store(Size + 1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < Size; ++i) slots[i].number.store(from + i, std::memory_order_release);
  }
  [[nodiscard]] numbered& at(std::size_t ticket) noexcept { return slots[ticket & (Size - 1)]; }

  std::size_t first;
  segment* next;
  alignas(cache_line) atomic<std::size_t> left{0};
  alignas(cache_line) std::array<numbered, Size> slots;
};

/// The segments of an unbounded queue, in order: which one producers fill, which one consumers empty, and those that
/// wait to be used again. Memory of a segment stays a segment's until the chain is destroyed.
///
/// Let end be the value of end_, a multiple of Size that only grows. Invariants, under mutex_:
///   (1) the segments from head_ on, by `next`, are numbered without a gap, the last of them is tail_, and ends at end;
///   (2) a segment that is neither in that list nor spare has left > 0: its last consumer will give it back;
///   (3) of the Size + 1 that `left` begins with, each is taken off once: one by the consumer of each ticket, one by
///       the step of head_ to `next`. So left == 0 once, and then nobody has a ticket of it; tail_ has no `next`, so
///       that left >= 1 there, and left == 1 says that all its tickets are emptied.
/// Edges    left.fetch_sub(acq_rel): every consumer's move of its element happens before the step that ends at zero,
///          thus before the mutex, thus before the numbers of the next use.
///          mutex_: `first`, `next`, the spare list.
///          head_, tail_ (release, acquire): a new segment is made before its slots are looked at.
///          end_ is relaxed: who reads a new value goes on under the mutex, in which it was written. It is written
///          before the numbers of the new segment (release): a push that found its place there happens after it, so
///          that no pop after that push reads the old value and says "empty".
template <class T, class Threading, std::size_t Size>
class segment_chain {
 public:
  using segment_type = segment<T, Threading, Size>;

  segment_chain() = default;
  segment_chain(const segment_chain&) = delete;
  segment_chain& operator=(const segment_chain&) = delete;
  ~segment_chain() {
    dispose(head_.load(std::memory_order_relaxed));
    dispose(spare_);
  }

  [[nodiscard]] segment_type* head() const noexcept { return head_.load(std::memory_order_acquire); }
  [[nodiscard]] segment_type* tail() const noexcept { return tail_.load(std::memory_order_acquire); }
  /// The first ticket that has no segment yet.
  [[nodiscard]] std::size_t end() const noexcept { return end_.load(std::memory_order_relaxed); }

  /// A producer's: sees to it that there is a segment for `ticket`. False: there is no memory for one.
  [[nodiscard]] bool grow(std::size_t ticket) noexcept {
    const std::lock_guard hold(mutex_);
    const std::size_t end = end_.load(std::memory_order_relaxed);
    if (ticket != end) return true;  // another producer has been here
    segment_type* const last = tail_.load(std::memory_order_relaxed);
    segment_type* fresh = last;
    if (last->left.load(std::memory_order_acquire) != 1) {  // else all of it is emptied: the queue is empty
      fresh = spare_;
      if (fresh != nullptr) {
        spare_ = fresh->next;
      } else {
        fresh = new (std::nothrow) segment_type;
        if (fresh == nullptr) return false;
      }
    }
    end_.store(end + Size, std::memory_order_relaxed);  // before the numbers: see above
    fresh->assign(end);
    if (fresh != last) {
      last->next = fresh;
      tail_.store(fresh, std::memory_order_release);
    }
    return true;
  }

  /// A consumer's, for a ticket before end(): head_ is not behind its segment any more.
  void advance(std::size_t ticket) noexcept {
    const std::lock_guard hold(mutex_);
    for (;;) {
      segment_type* const at = head_.load(std::memory_order_relaxed);
      if (at->next == nullptr || static_cast<std::ptrdiff_t>(ticket - at->first) < static_cast<std::ptrdiff_t>(Size)) {
        return;
      }
      head_.store(at->next, std::memory_order_release);
      if (take_off(*at)) keep(*at);
    }
  }

  /// A consumer's, when it has emptied a slot of the segment.
  void leave(segment_type& from) noexcept {
    if (!take_off(from)) return;
    const std::lock_guard hold(mutex_);
    keep(from);
  }

 private:
  [[nodiscard]] static bool take_off(segment_type& from) noexcept {
    return from.left.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  void keep(segment_type& unused) noexcept {
    unused.next = spare_;
    spare_ = &unused;
  }
  void dispose(segment_type* at) noexcept {
    while (at != nullptr) {
      segment_type* const next = at->next;
      if (at != &first_) delete at;
      at = next;
    }
  }

  // Written once in Size items, read at each: a line of their own.
  alignas(cache_line) typename Threading::template atomic<segment_type*> head_{&first_};
  typename Threading::template atomic<segment_type*> tail_{&first_};
  typename Threading::template atomic<std::size_t> end_{Size};
  [[no_unique_address]] typename Threading::mutex mutex_;
  segment_type* spare_ = nullptr;
  segment_type first_;
};

}  // namespace tenon::detail
