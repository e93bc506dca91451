// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace tenon::detail {

/// A small write that a ring's loop has taken over: its bytes are here until the kernel has sent them.
struct alignas(64) letter {
  static constexpr std::size_t capacity = 2048 + 32;  // with what is before it, an odd number of cache lines

  letter* next = nullptr;  // of those that are free
  void* to = nullptr;      // the source; null when that has gone
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool polls = false;  // the kernel waits until the socket takes more
  std::byte bytes[capacity];
};
static_assert(sizeof(letter) == 33 * 64);

/// The letters of one loop: as many as were under way at once, up to a bound.
///
/// Threads  The loop's.
class letter_store {
 public:
  letter_store() = default;
  letter_store(const letter_store&) = delete;
  letter_store& operator=(const letter_store&) = delete;
  ~letter_store() {
    while (blocks_ != nullptr) delete std::exchange(blocks_, blocks_->next);
  }

  /// Null when too many are under way, or there is no memory.
  [[nodiscard]] letter* take() noexcept {
    if (free_ == nullptr && !grow()) return nullptr;
    return std::exchange(free_, free_->next);
  }
  void give_back(letter& done) noexcept { done.next = std::exchange(free_, &done); }

 private:
  static constexpr unsigned most_blocks = 16;
  struct block {
    block* next = nullptr;
    letter all[16];
  };

  [[nodiscard]] bool grow() noexcept {
    if (count_ == most_blocks) return false;
    auto* const made = new (std::nothrow) block;
    if (made == nullptr) return false;
    ++count_;
    made->next = std::exchange(blocks_, made);
    for (letter& each : made->all) give_back(each);
    return true;
  }

  letter* free_ = nullptr;
  block* blocks_ = nullptr;
  unsigned count_ = 0;
};

}  // namespace tenon::detail
