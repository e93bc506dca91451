// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/core/work.hpp>

#include <atomic>

namespace tenon::detail {

/// Where other threads leave work for one owner: an intrusive stack that the owner takes whole, and turns round.
///
/// Let H be the values of head_ in modification order, h -> h.next -> ... the chain that starts at h. Invariants:
///   (1) a chain is frozen while head_ holds it: `next` of an item is written before the CAS that publishes the item,
///       and again only by the owner after take() has removed it;
///   (2) the chain lists what was pushed since the last take(), newest first. Reversed, it is the order of the CASes in
///       H, thus FIFO for each producer and for each pair of pushes one of which happens before the other;
///   (3) between two take()s exactly one push finds head_ == nullptr: its push() is the one that returns true.
/// There is no ABA: a push that saw h and installs item with item.next == h wants only that head_ holds h at its CAS;
/// that h left and came back in between changes nothing, for the chain behind h is then the present one.
///
/// Edges    push's CAS (release half) -> take's exchange (acquire half): the owner sees the item and what the pusher
///          did before. A pusher that links behind h never reads *h, so its own read needs no acquire; the CASes of one
///          chain are one release sequence, so taking the newest synchronizes with them all.
///          push is sequentially consistent, and so is empty(): "push, then read whether the owner is parked" and
///          "park, then read empty()" cannot both miss the other (see detail::parking). On x86-64 this costs nothing.
/// Shape    One cache line. Items are not owned.
/// Cost     push: one CAS, O(1) unless it loses a race. take: one exchange, O(items).
/// Threads  push: any. take: the owner. empty: any.
/// Source   R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986. Model: tests/model/inbox.cpp.
template <class Threading>
class inbox {
 public:
  inbox() = default;
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  /// Leaves `item`. True when nothing was there before: the one pusher that has to see to it that the owner looks.
  bool push(work& item) noexcept {
    work* newest = head_.load(std::memory_order_relaxed);  // only a guess for the CAS
    do {
      item.next = newest;
    } while (!head_.compare_exchange_strong(newest, &item, std::memory_order_seq_cst, std::memory_order_relaxed));
    return newest == nullptr;  // `item` may be gone by now
  }

  /// Takes all there is, oldest first.
  [[nodiscard]] work_list take() noexcept {
    work_list taken;
    if (head_.load(std::memory_order_relaxed) == nullptr) return taken;  // spares the line: most looks find nothing
    work* newest = head_.exchange(nullptr, std::memory_order_acquire);
    work* oldest = nullptr;
    while (newest != nullptr) {
      work* const older = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = older;
    }
    while (oldest != nullptr) {
      work* const newer = oldest->next;
      taken.push(*oldest);
      oldest = newer;
    }
    return taken;
  }

  [[nodiscard]] bool empty() const noexcept { return head_.load(std::memory_order_seq_cst) == nullptr; }

 private:
  alignas(cache_line) typename Threading::template atomic<work*> head_{nullptr};
};

/// The inbox of a runtime of one thread: a list.
template <>
class inbox<single_thread> {
 public:
  inbox() = default;
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  bool push(work& item) noexcept {
    const bool was_empty = list_.empty();
    list_.push(item);
    return was_empty;
  }
  [[nodiscard]] work_list take() noexcept { return std::move(list_); }
  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }

 private:
  work_list list_;
};

static_assert(sizeof(inbox<multi_thread>) == cache_line);
static_assert(sizeof(inbox<single_thread>) == sizeof(work_list));

}  // namespace tenon::detail
