// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cassert>

namespace tenon::detail::syncing {

/// What stands in a line: it lies in the awaiter, so that waiting allocates nothing.
struct link {
  link* previous = nullptr;
  link* next = nullptr;
  bool linked = false;

  link() = default;
  link(const link&) = delete;
  link& operator=(const link&) = delete;

 protected:
  ~link() { assert(!linked && "what waits is destroyed only when its wait is over"); }
};

/// Those who wait, in the order in which they came. `T` derives from link.
///
/// Cost     push, pop, remove: O(1).
/// Threads  One at a time: the primitive's mutex guards it.
template <class T>
class line {
 public:
  line() = default;
  line(const line&) = delete;
  line& operator=(const line&) = delete;
  ~line() { assert(empty() && "tenon::sync: destroyed while somebody waits for it"); }

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] T* front() const noexcept { return static_cast<T*>(head_); }

  [[nodiscard]] static T* behind(const T& item) noexcept {
    const link& before = item;
    return static_cast<T*>(before.next);
  }

  void push(T& item) noexcept {
    link& added = item;
    added.previous = tail_;
    added.next = nullptr;
    added.linked = true;
    (tail_ == nullptr ? head_ : tail_->next) = &added;
    tail_ = &added;
  }
  void remove(T& item) noexcept {
    link& gone = item;
    (gone.previous == nullptr ? head_ : gone.previous->next) = gone.next;
    (gone.next == nullptr ? tail_ : gone.next->previous) = gone.previous;
    gone.linked = false;
  }
  [[nodiscard]] T* pop() noexcept {
    T* const first = front();
    if (first != nullptr) remove(*first);
    return first;
  }

 private:
  link* head_ = nullptr;
  link* tail_ = nullptr;
};

}  // namespace tenon::detail::syncing
