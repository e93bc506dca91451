// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/scan.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace tenon::http::detail {

/// Which of 64 bytes are controls (under 0x20, and 0x7f), bit i for byte i: eight at a time, in plain C++.
struct words {
  [[nodiscard]] static std::uint64_t controls(const char* at) noexcept {
    std::uint64_t out = 0;
    if constexpr (std::endian::native == std::endian::little) {
      constexpr std::uint64_t ones = 0x0101010101010101U;
      constexpr std::uint64_t tops = ones << 7;
      for (unsigned i = 0; i < 64; i += 8) {
        std::uint64_t v;
        std::memcpy(&v, at + i, sizeof v);
        // exact a byte: each sum stays within its own, for the top bits are left out of it
        const std::uint64_t low = v & ~tops;
        const std::uint64_t under = ~(low + ones * 0x60);  // the top bit where low < 0x20
        const std::uint64_t last = low + ones;             // and where low is 0x7f
        const std::uint64_t found = (under | last) & ~v & tops;
        out |= ((found >> 7) * 0x0102040810204080U >> 56) << i;
      }
    } else {
      for (unsigned i = 0; i < 64; ++i) {
        const auto c = static_cast<unsigned char>(at[i]);
        out |= std::uint64_t{c < 0x20 || c == 0x7f} << i;
      }
    }
    return out;
  }
};

#if defined(__AVX2__)
/// The same, 32 at a time.
struct vectors {
  [[nodiscard]] static std::uint64_t controls(const char* at) noexcept { return half(at) | half(at + 32) << 32; }

 private:
  static std::uint64_t half(const char* at) noexcept {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
    const __m256i last = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(low, last)));
  }
};
#elif defined(__SSE2__)
/// The same, 16 at a time.
struct vectors {
  [[nodiscard]] static std::uint64_t controls(const char* at) noexcept {
    const std::uint64_t a = detail::controls(load(at));
    const std::uint64_t b = detail::controls(load(at + 16));
    const std::uint64_t c = detail::controls(load(at + 32));
    const std::uint64_t d = detail::controls(load(at + 48));
    return (a | b << 16) | (c | d << 16) << 32;
  }
};
#else
using vectors = words;
#endif

/// Two bytes that end a line.
[[nodiscard]] inline bool is_line_end(const char* at) noexcept {
  std::uint16_t two;
  std::memcpy(&two, at, sizeof two);
  return two == (std::endian::native == std::endian::little ? 0x0a0d : 0x0d0a);
}

/// The end of a header name; before `end` must lie a byte that can be in none. Most names are letters and '-' alone.
[[nodiscard]] inline const char* skip_plain_token(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i v = load(at);
    const __m128i letters = within(_mm_or_si128(v, sixteen(0x20)), 'a', 'z');
    const unsigned hit = misses(_mm_or_si128(letters, _mm_cmpeq_epi8(v, sixteen('-'))));
    if (hit == 0) continue;
    at += std::countr_zero(hit);
    if (*at == ':') return at;
    break;
  }
#endif
  while (is(*at, token_byte)) ++at;
  return at;
}

/// Goes from control to control: the line ends of a head, in a good one. Each byte of [begin, end) is looked at once.
///
/// Invariant  mask_ has a bit for each control in [block_, block_ + 64) and [block_, end) that has not been given yet.
template <class Block = vectors>
class line_ends {
 public:
  /// The 64 bytes before `end` must be there to be read, from before `begin` if need be.
  line_ends(const char* begin, const char* end) noexcept : block_(begin), end_(end) { look(); }

  /// The next control; end when there is none.
  [[nodiscard]] const char* next() noexcept {
    while (mask_ == 0) {
      if (end_ - block_ <= 64) return end_;
      block_ += 64;
      look();
    }
    const char* const found = block_ + std::countr_zero(mask_);
    mask_ &= mask_ - 1;
    return found;
  }
  void skip() noexcept { (void)next(); }

 private:
  void look() noexcept {
    const auto left = end_ - block_;
    if (left >= 64) {
      mask_ = Block::controls(block_);
    } else {
      mask_ = left == 0 ? 0 : Block::controls(end_ - 64) >> (64 - left);
    }
  }

  const char* block_;
  const char* end_;
  std::uint64_t mask_ = 0;
};

}  // namespace tenon::http::detail
