// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/threading.hpp>
#include <tenon/queue/detail/slot.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace tenon::detail {

/// A ring of N slots for one thread at a time: what each bounded queue is in a runtime of one thread, and what `locked`
/// locks. N need not be a power of two.
///
/// Alive: the size_ slots from front_ on, going round; size_ <= N.
template <class T, std::size_t N>
class ring {
 public:
  static constexpr std::size_t capacity = N;

  ring() = default;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() {
    while (try_pop()) {
    }
  }

  [[nodiscard]] bool try_push(T&& item) noexcept {
    if (size_ == N) return false;
    const std::size_t to_the_end = N - front_;  // front_ + size_ might not fit in N's range
    slots_[size_ < to_the_end ? front_ + size_ : size_ - to_the_end].put(std::move(item));
    ++size_;
    return true;
  }

  [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
    if (size_ == 0) return std::nullopt;
    std::optional<T> item = slots_[front_].take();
    front_ = front_ + 1 == N ? 0 : front_ + 1;
    --size_;
    return item;
  }

  [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept {
    std::size_t n = 0;
    while (n < items.size() && try_push(std::move(items[n]))) ++n;
    return n;
  }
  [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
    requires std::is_nothrow_move_assignable_v<T>
  {
    const std::size_t n = size_ < into.size() ? size_ : into.size();
    for (std::size_t i = 0; i < n; ++i) into[i] = *try_pop();
    return n;
  }

  [[nodiscard]] std::size_t size_estimate() const noexcept { return size_; }

 private:
  std::size_t front_ = 0;
  std::size_t size_ = 0;
  std::array<slot<T, single_thread>, N> slots_;
};

}  // namespace tenon::detail
