// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/queue/detail/lost_race.hpp>
#include <tenon/queue/detail/slot.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace tenon::detail {

/// What mpsc and mpmc share: slots that carry a number, and the producers' half.
///
/// Let t be the value of tail_, h the consumers' count, both only ever growing; slot(i) is slots_[i mod N], N >= 2, and
/// its number says whose turn it is:
///   number == i          slot(i) is empty, and is for the producer with ticket i;
///   number == i + 1      it holds element i, and is for the consumer with ticket i;
///   number == i + N      it is empty again: the first line, for the next time round.
/// Invariants:
///   (1) tickets are given once: t goes from i to i + 1 by one CAS, and so does h (or has one writer);
///   (2) the number of a slot is written only by the holder of the ticket that the number is for, and only grows;
///   (3) t is moved past i only by one that read number == i, so only when element i - N was gone: t <= h + N;
///   (4) a number read as older than wanted was so at some instant: then the ring was full (or the pop of that element
///       under way), so that try_push may say so. A number newer than wanted means that the ticket has been taken.
/// The numbers wrap round with std::size_t; the differences are taken as signed, and stay far below half of its range.
template <class T, class Threading, std::size_t N>
class numbered_ring {
 protected:
  numbered_ring() noexcept {
    for (std::size_t i = 0; i < N; ++i) slots_[i].number.store(i, std::memory_order_relaxed);
  }
  ~numbered_ring() = default;

  [[nodiscard]] bool fill_next(T&& item) noexcept {
    for (lost_race lost;; lost.give_way()) {
      std::size_t t = tail_.load(std::memory_order_relaxed);
      const std::ptrdiff_t ahead = this->ahead(t, t);  // edge B: the element before has been moved out
      if (ahead < 0) return false;
      // Ahead: another producer has been here, and t is old.
      if (ahead == 0 && tail_.compare_exchange_strong(t, t + 1, std::memory_order_relaxed, std::memory_order_relaxed)) {
        slots_[t & (N - 1)].element.put(std::move(item));
        slots_[t & (N - 1)].number.store(t + 1, std::memory_order_release);  // edge A
        return true;
      }
    }
  }

  /// fill_next for as many as there is room for: t goes from i to i + n by one CAS, if the numbers were i .. i + n - 1.
  /// Each stays as it was read until t has passed it, so that (3) holds for each.
  [[nodiscard]] std::size_t fill_some(std::span<T> items) noexcept {
    for (lost_race lost;; lost.give_way()) {
      std::size_t t = tail_.load(std::memory_order_relaxed);
      const std::size_t n = in_turn(t, t, items.size());  // edge B
      if (n == 0) {
        if (items.empty() || ahead(t, t) < 0) return 0;
      } else if (tail_.compare_exchange_strong(t, t + n, std::memory_order_relaxed, std::memory_order_relaxed)) {
        for (std::size_t i = 0; i < n; ++i) {
          slots_[(t + i) & (N - 1)].element.put(std::move(items[i]));
          slots_[(t + i) & (N - 1)].number.store(t + i + 1, std::memory_order_release);  // edge A
        }
        return n;
      }
    }
  }

  /// How many slots from slot(i) on, `most` at most, have the numbers from `wanted` on.
  [[nodiscard]] std::size_t in_turn(std::size_t i, std::size_t wanted, std::size_t most) const noexcept {
    std::size_t n = 0;
    while (n < most && ahead(i + n, wanted + n) == 0) ++n;
    return n;
  }

  /// By how much the number of slot(i) is ahead of `wanted`.
  [[nodiscard]] std::ptrdiff_t ahead(std::size_t i, std::size_t wanted) const noexcept {
    return static_cast<std::ptrdiff_t>(slots_[i & (N - 1)].number.load(std::memory_order_acquire) - wanted);
  }

  /// By the holder of ticket i.
  [[nodiscard, gnu::always_inline]] std::optional<T> empty(std::size_t i) noexcept {
    std::optional<T> item = slots_[i & (N - 1)].element.take();
    slots_[i & (N - 1)].number.store(i + N, std::memory_order_release);  // edge B
    return item;
  }

  /// By the holder of tickets i .. i + into.size() - 1.
  void empty_into(std::size_t i, std::span<T> into) noexcept {
    for (std::size_t k = 0; k < into.size(); ++k) into[k] = *empty(i + k);
  }

  /// t - h, for an h that was read before, brought into 0 .. N: the two are not read at one instant.
  [[nodiscard]] std::size_t filled_since(std::size_t h) const noexcept {
    const auto there = static_cast<std::ptrdiff_t>(tail_.load(std::memory_order_relaxed) - h);
    if (there <= 0) return 0;
    return static_cast<std::size_t>(there) < N ? static_cast<std::size_t>(there) : N;
  }

 private:
  struct numbered {
    typename Threading::template atomic<std::size_t> number;
    slot<T, Threading> element;
  };

  alignas(cache_line) typename Threading::template atomic<std::size_t> tail_{0};
  alignas(cache_line) std::array<numbered, N> slots_;
};

}  // namespace tenon::detail
