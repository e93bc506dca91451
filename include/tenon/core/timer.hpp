// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/work.hpp>

#include <cassert>
#include <cstddef>
#include <limits>

namespace tenon {

/// A deadline in a worker's timer queue: an intrusive work item whose `run` is called once, at or after `deadline`.
struct timer : work {
  static constexpr std::size_t unarmed = std::numeric_limits<std::size_t>::max();

  time_point deadline = never;
  std::size_t index = unarmed;

  [[nodiscard]] bool armed() const noexcept { return index != unarmed; }
};

/// The deadlines of one worker: a heap of four children a node, each timer knowing its place.
///
/// Invariant  key(parent(i)) <= key(i) for every i > 0, where parent(i) = (i - 1) / 4; slots[i].item->index == i.
/// Cost       arm, disarm: O(log4 n); next: O(1). 16 bytes a pending timer. The keys lie beside the pointers, so that a
///            sift touches no timer but the one it moves.
/// Threads    One.
class timer_queue {
 public:
  timer_queue() = default;
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;
  ~timer_queue() { delete[] slots_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] time_point next() const noexcept { return size_ == 0 ? never : slots_[0].deadline; }

  void arm(timer& item) {
    assert(!item.armed());
    if (size_ == room_) grow();
    sift_up(size_++, {item.deadline, &item});
  }

  void disarm(timer& item) noexcept {
    assert(item.armed() && slots_[item.index].item == &item);
    const std::size_t hole = item.index;
    item.index = timer::unarmed;
    const slot last = slots_[--size_];
    if (hole == size_) return;
    if (hole > 0 && last.deadline < slots_[(hole - 1) / arity].deadline) {
      sift_up(hole, last);
    } else {
      sift_down(hole, last);
    }
  }

  /// Takes out the earliest timer if its deadline is not after `now`.
  [[nodiscard]] timer* pop_due(time_point now) noexcept {
    if (next() > now || size_ == 0) return nullptr;
    timer* const due = slots_[0].item;
    disarm(*due);
    return due;
  }

 private:
  static constexpr std::size_t arity = 4;
  struct slot {
    time_point deadline;
    timer* item = nullptr;
  };

  void grow() {
    const std::size_t room = room_ == 0 ? 8 : 2 * room_;
    slot* const wider = new slot[room];
    for (std::size_t i = 0; i < size_; ++i) wider[i] = slots_[i];
    delete[] slots_;
    slots_ = wider;
    room_ = room;
  }

  void put(std::size_t at, slot value) noexcept {
    slots_[at] = value;
    value.item->index = at;
  }
  void sift_up(std::size_t at, slot value) noexcept {
    while (at > 0) {
      const std::size_t parent = (at - 1) / arity;
      if (slots_[parent].deadline <= value.deadline) break;
      put(at, slots_[parent]);
      at = parent;
    }
    put(at, value);
  }
  void sift_down(std::size_t at, slot value) noexcept {
    for (;;) {
      const std::size_t first = at * arity + 1;
      if (first >= size_) break;
      const std::size_t end = first + arity < size_ ? first + arity : size_;
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (slots_[child].deadline < slots_[least].deadline) least = child;
      }
      if (value.deadline <= slots_[least].deadline) break;
      put(at, slots_[least]);
      at = least;
    }
    put(at, value);
  }

  // Not a vector: that is a hundred functions of compile time in every program.
  slot* slots_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

}  // namespace tenon
