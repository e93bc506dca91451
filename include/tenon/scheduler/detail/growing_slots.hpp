// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace tenon::detail {

/// The slots of a deque, by the number of their item; when they do not suffice the owner makes twice as many.
///
/// A thief may look into a block that is no longer the newest. The owner writes into the newest alone, and no block is
/// freed before the deque is, so an old block keeps what it held when it was replaced: the item of each number that was
/// in the deque then.
///
/// Edge     grow: newest_.store(release) -> newest_.load(acquire): the copies are seen. A thief loads it after the
///          index by which it knows of an item, and thereby gets a block that holds that item or, if the item has left
///          the deque since, one that does not, and then its compare-and-swap fails.
/// Shape    One block at first; all blocks together are less than twice the newest.
/// Errors   The constructor throws std::bad_alloc; grow gives false.
template <class Threading>
class growing_slots {
  using slot_type = typename Threading::template atomic<work*>;

 public:
  /// With a power of two of slots.
  explicit growing_slots(std::size_t first) : newest_(make(first, ::operator new(bytes_of(first)))) {}
  growing_slots(const growing_slots&) = delete;
  growing_slots& operator=(const growing_slots&) = delete;
  ~growing_slots() {
    block* each = newest_.load(std::memory_order_relaxed);
    while (each != nullptr) {
      block* const older = each->older;
      for (std::size_t i = each->size; i-- > 0;) each->at(i).~slot_type();
      ::operator delete(static_cast<void*>(each));
      each = older;
    }
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return newest_.load(std::memory_order_relaxed)->size; }
  /// The owner.
  [[nodiscard]] work* read(std::uint64_t number) const noexcept {
    return newest_.load(std::memory_order_relaxed)->at(number).load(std::memory_order_relaxed);
  }
  /// The owner.
  void write(std::uint64_t number, work* item) noexcept {
    newest_.load(std::memory_order_relaxed)->at(number).store(item, std::memory_order_relaxed);
  }
  /// Whoever has seen that there is an item of this number. Of use only if nobody has taken it meanwhile.
  [[nodiscard]] work* glance(std::uint64_t number) const noexcept {
    return newest_.load(std::memory_order_acquire)->at(number).load(std::memory_order_relaxed);
  }
  /// The owner: twice the room for the items [begin, end). False when there is no memory.
  [[nodiscard]] bool grow(std::uint64_t begin, std::uint64_t end) noexcept {
    block* const old = newest_.load(std::memory_order_relaxed);
    void* const room = ::operator new(bytes_of(2 * old->size), std::nothrow);
    if (room == nullptr) return false;
    block* const wider = make(2 * old->size, room);
    wider->older = old;
    for (std::uint64_t i = begin; i != end; ++i) {
      wider->at(i).store(old->at(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    newest_.store(wider, std::memory_order_release);
    return true;
  }

 private:
  struct alignas(slot_type) block {
    std::size_t size;
    block* older;

    [[nodiscard]] slot_type& at(std::uint64_t number) noexcept {  // they stand behind it
      return reinterpret_cast<slot_type*>(this + 1)[number & (size - 1)];
    }
  };

  [[nodiscard]] static std::size_t bytes_of(std::size_t slots) noexcept {
    return sizeof(block) + slots * sizeof(slot_type);
  }
  [[nodiscard]] static block* make(std::size_t size, void* room) noexcept {
    block* const made = ::new (room) block{size, nullptr};
    for (std::size_t i = 0; i < size; ++i) ::new (static_cast<void*>(&made->at(i))) slot_type(nullptr);
    return made;
  }

  typename Threading::template atomic<block*> newest_;
};

}  // namespace tenon::detail
