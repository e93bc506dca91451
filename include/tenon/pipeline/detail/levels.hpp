// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/pipeline/detail/ticket.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

namespace tenon::detail::weaving {

/// N queues as one: an item goes into that of its level, and comes out of the first that is not empty.
///
/// Ageing: of each `rescue` pops one begins to look at another level than the first, each in its turn: within
/// rescue * N pops each level is once the first that is looked at. Who counts the pops does it relaxed and with a plain
/// addition: two consumers that count as one put that off by one.
template <class Queue, class Threading, std::size_t N>
class levels {
  static constexpr std::size_t rescue = 16;

 public:
  static constexpr std::size_t level_count = N;

  [[nodiscard]] bool try_push(ticket*&& item) noexcept {
    const std::size_t level = item->level < N ? item->level : N - 1;
    return queues_[level].try_push(static_cast<ticket*&&>(item));
  }
  /// The oldest of those that keep `item` out.
  [[nodiscard]] std::optional<ticket*> try_pop_for(const ticket& item) noexcept {
    return queues_[item.level < N ? item.level : N - 1].try_pop();
  }
  [[nodiscard]] std::optional<ticket*> try_pop() noexcept {
    const std::size_t pops = pops_.load(std::memory_order_relaxed);
    const std::size_t first = pops % rescue == 0 ? pops / rescue : 0;
    for (std::size_t i = 0; i < N; ++i) {
      if (std::optional<ticket*> item = queues_[(first + i) % N].try_pop()) {
        pops_.store(pops + 1 < rescue * N ? pops + 1 : 0, std::memory_order_relaxed);
        return item;
      }
    }
    return std::nullopt;
  }

 private:
  std::array<Queue, N> queues_;
  typename Threading::template atomic<std::size_t> pops_{0};
};

}  // namespace tenon::detail::weaving
