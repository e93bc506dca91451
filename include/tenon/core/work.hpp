// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <utility>

namespace tenon {

/// An intrusive work item: what a worker runs, a backend completes and a queue links. It never owns memory.
///
/// Shape    Two words. Whoever embeds it keeps it at one address from the moment it is handed over until `run` is
///          called; `run` may free it.
/// Threads  At most one list holds it at a time.
struct work {
  using function = void (*)(work&) noexcept;

  work() = default;
  explicit work(function f) noexcept : run(f) {}

  work* next = nullptr;
  function run = nullptr;
};

/// A FIFO of work items linked through themselves.
///
/// Cost     push, pop, append: O(1), no allocation.
/// Threads  One at a time.
class work_list {
 public:
  work_list() = default;
  work_list(work_list&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)), tail_(std::exchange(other.tail_, nullptr)) {}
  work_list& operator=(work_list&& other) noexcept {
    head_ = std::exchange(other.head_, nullptr);
    tail_ = std::exchange(other.tail_, nullptr);
    return *this;
  }

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] work* front() const noexcept { return head_; }

  void push(work& item) noexcept {
    item.next = nullptr;
    (head_ == nullptr ? head_ : tail_->next) = &item;
    tail_ = &item;
  }

  [[nodiscard]] work* pop() noexcept {
    work* const item = head_;
    if (item != nullptr) {
      head_ = item->next;
      if (head_ == nullptr) tail_ = nullptr;
    }
    return item;
  }

  /// Moves all of `other` behind what is here.
  void append(work_list&& other) noexcept {
    if (other.head_ == nullptr) return;
    (head_ == nullptr ? head_ : tail_->next) = std::exchange(other.head_, nullptr);
    tail_ = std::exchange(other.tail_, nullptr);
  }

 private:
  work* head_ = nullptr;
  work* tail_ = nullptr;
};

static_assert(sizeof(work) == 2 * sizeof(void*));

}  // namespace tenon
