// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace tenon::detail {

/// Objects side by side whose number is known when they are made, and which never move: they need not be able to.
///
/// A vector of unique_ptr would do, but costs sixty functions of compile time a type (bench/NOTES.md).
///
/// Shape    One allocation, aligned as T asks.
/// Errors   What leaves `make` leaves the constructor; what was made before is destroyed.
template <class T>
class row {
 public:
  /// The i-th of them is what `make(i)` gives.
  template <class Make>
  row(std::size_t size, Make make) : row(room_for(size)) {
    for (; size_ < size; ++size_) ::new (static_cast<void*>(first_ + size_)) T(make(size_));
  }
  row(const row&) = delete;
  row& operator=(const row&) = delete;
  ~row() {
    while (size_ > 0) first_[--size_].~T();
    ::operator delete(static_cast<void*>(first_), std::align_val_t{alignof(T)});
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return first_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return first_[i]; }
  [[nodiscard]] T* begin() noexcept { return first_; }
  [[nodiscard]] T* end() noexcept { return first_ + size_; }
  [[nodiscard]] const T* begin() const noexcept { return first_; }
  [[nodiscard]] const T* end() const noexcept { return first_ + size_; }

 private:
  explicit row(void* room) noexcept : first_(static_cast<T*>(room)) {}

  [[nodiscard]] static void* room_for(std::size_t size) {
    const std::size_t bytes = size <= PTRDIFF_MAX / sizeof(T) ? size * sizeof(T) : PTRDIFF_MAX;  // which there is not
    return ::operator new(bytes, std::align_val_t{alignof(T)});
  }

  T* first_;
  std::size_t size_ = 0;
};

}  // namespace tenon::detail
