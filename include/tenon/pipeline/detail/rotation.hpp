// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tenon::detail::weaving {

/// Which of N seats are free, taken in turn: the next free one behind that which was taken last, round and round.
///
/// Cost  N / 64 words are looked through.
template <std::size_t N>
class rotation {
  static constexpr std::size_t words = (N + 63) / 64;

 public:
  static constexpr std::size_t none = N;

  void free(std::size_t seat) noexcept { bits_[seat / 64] |= bit(seat); }
  void occupy(std::size_t seat) noexcept { bits_[seat / 64] &= ~bit(seat); }

  /// The seat whose turn it is, now occupied; `none` when no seat is free.
  [[nodiscard]] std::size_t take() noexcept {
    std::size_t seat = first_from(next_);
    if (seat == none) seat = first_from(0);
    if (seat == none) return none;
    occupy(seat);
    next_ = seat + 1 == N ? 0 : seat + 1;
    return seat;
  }
  /// The highest free seat, or `none`.
  [[nodiscard]] std::size_t highest() const noexcept {
    for (std::size_t w = words; w-- > 0;) {
      if (bits_[w] != 0) return w * 64 + 63 - static_cast<std::size_t>(std::countl_zero(bits_[w]));
    }
    return none;
  }

 private:
  static constexpr std::uint64_t bit(std::size_t seat) noexcept { return std::uint64_t{1} << seat % 64; }

  [[nodiscard]] std::size_t first_from(std::size_t seat) const noexcept {
    std::uint64_t seen = bits_[seat / 64] & ~(bit(seat) - 1);
    for (std::size_t w = seat / 64;; seen = bits_[w]) {
      if (seen != 0) return w * 64 + static_cast<std::size_t>(std::countr_zero(seen));
      if (++w == words) return none;
    }
  }

  std::array<std::uint64_t, words> bits_{};
  std::size_t next_ = 0;
};

}  // namespace tenon::detail::weaving
