// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/work.hpp>

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace tenon {

/// A deadline in a worker's timer queue: an intrusive work item whose `run` is called once, at or after `deadline`.
struct timer : work {
  static constexpr std::uintptr_t unarmed = 0;

  time_point deadline = never;
  std::uintptr_t place = unarmed;  ///< the queue's: where it is

  [[nodiscard]] bool armed() const noexcept { return place != unarmed; }
};

namespace detail {

/// The timers that are far off, in lists by when they are due: what most of them are, that are taken back before their
/// time. Where two deadlines are told apart does not depend on how many there are.
///
/// Time is counted in ticks of 4 ms, and a tick is a number of digits to the base 64. The horizon is a tick that no
/// timer here is before. A timer lies at the level of the highest digit in which its tick differs from the horizon, in
/// the slot of that digit (in the lowest level when none differs). So all of a level are due before all of the next,
/// and the slots of a level one before the other; and a horizon that moves, but not into a timer's slot, leaves the
/// timer where it belongs.
///
/// Source  G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels", 1987.
class timer_wheel {
 public:
  timer_wheel() = default;
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;
  ~timer_wheel() { delete[] slots_; }

  [[nodiscard]] bool empty() const noexcept { return levels_ == 0; }
  /// Whether `deadline` is not yet in the tick of `now`.
  [[nodiscard]] static bool is_later(time_point deadline, time_point now) noexcept {
    return tick_of(deadline) > tick_of(now);
  }
  /// Takes an item in, unless it is due before the horizon. Where there is no other, the horizon is the present.
  [[nodiscard]] bool put(timer& item, time_point present) {
    const std::uint64_t tick = tick_of(item.deadline);
    if (empty()) horizon_ = tick_of(present);
    if (tick < horizon_) return false;
    if (slots_ == nullptr) slots_ = new work* [levels * digits] {};
    const std::uint64_t differing = tick ^ horizon_;
    const unsigned level = differing == 0 ? 0 : static_cast<unsigned>(std::bit_width(differing) - 1) / digit_bits;
    const unsigned slot = static_cast<unsigned>(tick >> (level * digit_bits)) % digits;
    work*& head = slots_[level * digits + slot];
    item.next = head;
    if (head != nullptr) set_link(*head, &item.next);
    head = &item;
    set_link(item, &head);
    taken_[level] |= std::uint64_t{1} << slot;
    levels_ |= 1U << level;
    return true;
  }

  void remove(timer& item) noexcept {
    work** const link = link_of(item);
    *link = item.next;
    if (item.next != nullptr) {
      set_link(*item.next, link);
    } else {
      const std::uintptr_t at = (item.place - reinterpret_cast<std::uintptr_t>(slots_)) / sizeof(work*);
      if (at < levels * digits) forget(at);  // it was the only one of its slot
    }
    item.place = timer::unarmed;
  }

  /// A time that nothing here is due before; `never` when there is nothing.
  [[nodiscard]] time_point next() const noexcept {
    return empty() ? never : time_point(duration(static_cast<std::int64_t>(first_tick() << tick_bits)));
  }

  /// Takes the whole of the first slot out if it begins at `now` or before, as a list.
  [[nodiscard]] work* pop(time_point now) noexcept {
    if (empty() || first_tick() > tick_of(now)) return nullptr;
    horizon_ = first_tick();
    const auto at = static_cast<std::size_t>(first_slot());
    work* const list = slots_[at];
    slots_[at] = nullptr;
    forget(at);
    return list;
  }

 private:
  static constexpr unsigned tick_bits = 22;
  static constexpr unsigned digit_bits = 6;
  static constexpr unsigned digits = 1U << digit_bits;
  static constexpr unsigned levels = (63 - tick_bits) / digit_bits + 1;

  [[nodiscard]] static std::uint64_t tick_of(time_point at) noexcept {
    const std::int64_t ns = at.time_since_epoch().count();
    return ns < 0 ? 0 : static_cast<std::uint64_t>(ns) >> tick_bits;
  }
  /// What points to an item that lies here: the slot, or the item before it.
  [[nodiscard]] static work** link_of(const timer& item) noexcept { return reinterpret_cast<work**>(item.place); }
  static void set_link(work& item, work** to) noexcept {
    static_cast<timer&>(item).place = reinterpret_cast<std::uintptr_t>(to);
  }

  [[nodiscard]] unsigned first_slot() const noexcept {
    const unsigned level = static_cast<unsigned>(std::countr_zero(levels_));
    return level * digits + static_cast<unsigned>(std::countr_zero(taken_[level]));
  }
  /// The tick with which the first slot begins.
  [[nodiscard]] std::uint64_t first_tick() const noexcept {
    const unsigned at = first_slot();
    const unsigned shift = at / digits * digit_bits;
    const std::uint64_t above = horizon_ >> shift & ~std::uint64_t{digits - 1};
    return (above | at % digits) << shift;
  }
  void forget(std::size_t at) noexcept {
    const std::size_t level = at / digits;
    taken_[level] &= ~(std::uint64_t{1} << at % digits);
    if (taken_[level] == 0) levels_ &= ~(1U << level);
  }

  work** slots_ = nullptr;  // level by level; none before the first timer
  std::uint64_t horizon_ = 0;
  unsigned levels_ = 0;               // those that have something, a bit each
  std::uint64_t taken_[levels] = {};  // the slots that have, a bit each
};

}  // namespace detail

/// The deadlines of one worker: a heap of four children a node for the next of them, each timer knowing its place, and
/// a wheel for the many that are far off.
///
/// Invariant  key(parent(i)) <= key(i) for every i > 0, where parent(i) = (i - 1) / 4; slots[i].item's place is i. A
///            timer goes to the wheel when the heap has enough, and comes to the heap before it can be due.
/// Cost       arm, disarm: O(log4 n) of those in the heap, some 64 and what is due within 4 ms; O(1) in the wheel, out
///            of which a timer that comes of age is moved once a digit, twice for most. 16 bytes a timer of the heap
///            and 32 of its own; 3.5 KiB once there is a wheel. The keys lie beside the pointers, so that a sift
///            touches no timer but the one it moves.
/// Threads    One.
class timer_queue {
 public:
  timer_queue() = default;
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;
  ~timer_queue() { delete[] slots_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0 && wheel_.empty(); }
  /// The earliest deadline, or, where the wheel has it, a time a little before. `never` when there is none.
  [[nodiscard]] time_point next() const noexcept {
    const time_point far = wheel_.next();
    return size_ != 0 && slots_[0].deadline < far ? slots_[0].deadline : far;
  }

  void arm(timer& item) {
    assert(!item.armed());
    if (size_ < enough || !wheel_.put(item, present_)) push(item);
  }

  void disarm(timer& item) noexcept {
    assert(item.armed());
    if (item.place % 2 == 0) return wheel_.remove(item);
    const std::size_t hole = item.place / 2;
    assert(slots_[hole].item == &item);
    item.place = timer::unarmed;
    const slot last = slots_[--size_];
    if (hole == size_) return;
    if (hole > 0 && last.deadline < slots_[(hole - 1) / arity].deadline) {
      sift_up(hole, last);
    } else {
      sift_down(hole, last);
    }
  }

  /// Takes out the earliest timer if its deadline is not after `now`.
  [[nodiscard]] timer* pop_due(time_point now) {
    present_ = now;
    if (!wheel_.empty()) bring();
    if (size_ == 0 || slots_[0].deadline > now) return nullptr;
    timer* const due = slots_[0].item;
    disarm(*due);
    return due;
  }

 private:
  static constexpr std::size_t arity = 4;
  static constexpr std::size_t enough = 64;
  struct slot {
    time_point deadline;
    timer* item = nullptr;
  };

  /// What may be due comes to the heap, and what stood with it to where it now belongs.
  void bring() {
    while (work* item = wheel_.pop(present_)) {
      while (item != nullptr) {
        timer& each = static_cast<timer&>(*item);
        item = item->next;
        each.place = timer::unarmed;
        if (detail::timer_wheel::is_later(each.deadline, present_)) {
          arm(each);
        } else {
          push(each);
        }
      }
    }
  }

  void push(timer& item) {
    if (size_ == room_) grow();
    sift_up(size_++, {item.deadline, &item});
  }
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
    value.item->place = 2 * at + 1;
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
  time_point present_{};  // when it was last asked what is due
  detail::timer_wheel wheel_;
};

}  // namespace tenon
