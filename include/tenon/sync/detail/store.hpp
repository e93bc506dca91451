// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace tenon::detail::syncing {

/// A FIFO in a ring that doubles when it must. Once it is as large as its use it allocates nothing.
///
/// Invariant  alive: at(head_), ..., at(head_ + size_ - 1), where at(i) is slot i modulo room_.
template <class T>
class store {
 public:
  store() = default;
  store(const store&) = delete;
  store& operator=(const store&) = delete;
  ~store() {
    clear();
    release(slots_);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Makes room for `count`; false when there is no memory.
  [[nodiscard]] bool reserve(std::size_t count) noexcept {
    if (count <= room_) return true;
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) return false;
    T* const wider = static_cast<T*>(::operator new(count * sizeof(T), alignment, std::nothrow));
    if (wider == nullptr) return false;
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(wider + i, std::move(at(head_ + i)));
      std::destroy_at(&at(head_ + i));
    }
    release(slots_);
    slots_ = wider;
    room_ = count;
    head_ = 0;
    return true;
  }

  /// False when there is no memory; then `item` is untouched.
  [[nodiscard]] bool push(T&& item) noexcept {
    if (size_ == room_ && !reserve(room_ == 0 ? 8 : 2 * room_)) return false;
    std::construct_at(&at(head_ + size_), std::move(item));
    ++size_;
    return true;
  }
  [[nodiscard]] T pop() noexcept {
    assert(size_ != 0);
    T& first = at(head_);
    T item(std::move(first));
    std::destroy_at(&first);
    head_ = head_ + 1 == room_ ? 0 : head_ + 1;
    --size_;
    return item;
  }
  void clear() noexcept {
    while (size_ != 0) (void)pop();
  }

 private:
  static constexpr std::align_val_t alignment{alignof(T) < alignof(std::max_align_t) ? alignof(std::max_align_t)
                                                                                     : alignof(T)};

  static void release(T* slots) noexcept { ::operator delete(slots, alignment); }

  [[nodiscard]] T& at(std::size_t index) noexcept { return slots_[index < room_ ? index : index - room_]; }

  T* slots_ = nullptr;
  std::size_t room_ = 0;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tenon::detail::syncing
