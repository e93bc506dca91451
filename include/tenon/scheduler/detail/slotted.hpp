// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/detail/yielded.hpp>
#include <tenon/core/work.hpp>

#include <atomic>
#include <cstddef>

namespace tenon::detail {

/// A worker's ready queue with a slot before it: what was pushed last is in the slot, what was there before goes into
/// the queue. The slot goes first, but no more than `InARow` times in a row while the queue has something.
///
/// Everything here is as visible to thieves as it is in the queue: the slot is filled and emptied by exchanges, so an
/// item is given to whoever gets it out, and nothing waits in it behind what its worker runs just now. A thief takes it
/// when the queue is empty.
///
/// Edges    push: slot_.exchange (release half) -> pop, steal: slot_.exchange (acquire half): the item is seen. push is
///          sequentially consistent and empty() reads so: "push, then read whether anyone sleeps" and "say I sleep,
///          then read empty()" cannot both miss the other (see detail::parking).
///          An item that is pushed out of the slot is in neither for an instant. empty() may miss it then, but not what
///          pushed it out, and the queue's own push publishes it before the pusher reads whether anyone sleeps.
/// Order    A coroutine that yields goes behind what is in the queue, and not into the slot.
/// Shape    The queue and a cache line.
/// Cost     push: an xchg, and the queue's push when the slot was taken. pop: an xchg.
/// Threads  As the queue's.
/// Source   Go's runnext; tokio's LIFO slot, which thieves cannot reach. Model: tests/model/slotted.cpp.
template <class Threading, class Queue, std::size_t InARow>
class slotted {
 public:
  slotted() = default;
  slotted(const slotted&) = delete;
  slotted& operator=(const slotted&) = delete;

  [[nodiscard]] bool has_room() noexcept { return queue_.has_room(); }

  [[nodiscard]] bool push(work& item) noexcept {
    if (!queue_.has_room()) return false;
    if (gives_way(item)) return queue_.push(item);
    work* const before = slot_.exchange(&item, std::memory_order_seq_cst);
    return before == nullptr || queue_.push(*before);  // which has room: only the owner fills it
  }
  auto push_all(work_list& list) noexcept { return queue_.push_all(list); }

  [[nodiscard]] work* pop() noexcept {
    if (in_a_row_ < InARow) {
      if (work* const item = take()) {
        ++in_a_row_;
        return item;
      }
    }
    in_a_row_ = 0;
    work* const item = queue_.pop();
    return item != nullptr ? item : take();
  }

  [[nodiscard]] bool published() noexcept
    requires requires(Queue& queue) { queue.published(); }
  {
    return queue_.published();
  }

  [[nodiscard]] std::size_t steal_into(slotted& mine, work*& first) noexcept {
    if (const std::size_t taken = queue_.steal_into(mine.queue_, first)) return taken;
    work* const item = take();
    if (item == nullptr) return 0;
    first = item;
    return 1;
  }

  [[nodiscard]] bool empty() const noexcept {
    return slot_.load(std::memory_order_seq_cst) == nullptr && queue_.empty();
  }

 private:
  [[nodiscard]] work* take() noexcept {
    if (slot_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return slot_.exchange(nullptr, std::memory_order_acquire);
  }

  Queue queue_;
  alignas(cache_line) typename Threading::template atomic<work*> slot_{nullptr};
  std::size_t in_a_row_ = 0;  // the owner's
};

}  // namespace tenon::detail
