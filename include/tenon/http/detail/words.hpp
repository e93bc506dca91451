// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/scan.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace tenon::http::detail {

/// The bytes at `at` as a little-endian number, at run time and in constants alike.
template <class Word>
[[nodiscard]] constexpr std::uint64_t word_at(const char* at) noexcept {
  if (std::is_constant_evaluated() || std::endian::native != std::endian::little) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) out |= std::uint64_t{static_cast<unsigned char>(at[i])} << 8 * i;
    return out;
  }
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
[[nodiscard]] constexpr std::uint64_t eight(const char* at) noexcept { return word_at<std::uint64_t>(at); }

/// Up to seven bytes.
[[nodiscard]] constexpr std::uint64_t few(const char* at, std::size_t size) noexcept {
  if (size >= 4) return word_at<std::uint32_t>(at) | word_at<std::uint32_t>(at + size - 4) << 8 * (size - 4);
  if (size == 0) return 0;
  const auto byte = [at](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
  return byte(0) | byte(size / 2) << 8 * (size / 2) | byte(size - 1) << 8 * (size - 1);
}

/// Both halves of the product, folded: where neither is 0, each bit of it depends on almost all of a and b.
[[nodiscard]] constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A hash of a text without zeros, which follows what the seed stands for.
///
/// Cost  From 16 to 32 bytes the same loads whatever the length: lengths change from path to path.
[[nodiscard]] constexpr std::uint64_t hash_text(std::uint64_t seed, const char* at, std::size_t n) noexcept {
  constexpr std::uint64_t keys[] = {0x8ebc6af09c88c6e3U, 0x589965cc75374cc3U};
  if (n < 8) return fold(seed ^ few(at, n) ^ std::uint64_t{n} << 56, keys[0]);
  if (n < 16) return fold(seed ^ eight(at) ^ keys[0], eight(at + n - 8) + n);
  for (; n > 32; n -= 16, at += 16) seed = fold(seed ^ eight(at) ^ keys[0], eight(at + 8));
  const char* const last = at + n - 16;
  return (fold(eight(at) ^ keys[0], eight(at + 8)) ^ seed) + fold(eight(last) ^ keys[1], eight(last + 8) + n);
}

/// Whether two texts of n bytes are the same.
[[nodiscard]] inline bool same_text(const char* a, const char* b, std::size_t n) noexcept {
  if (n < 8) return few(a, n) == few(b, n);
#if defined(__SSE2__)
  if (n >= 16) {
    for (; n > 32; n -= 16, a += 16, b += 16) {
      if (misses(_mm_cmpeq_epi8(load(a), load(b))) != 0) return false;
    }
    const std::size_t last = n - 16;
    return misses(_mm_and_si128(_mm_cmpeq_epi8(load(a), load(b)), _mm_cmpeq_epi8(load(a + last), load(b + last)))) == 0;
  }
#endif
  for (; n > 16; n -= 8, a += 8, b += 8) {
    if (eight(a) != eight(b)) return false;
  }
  return ((eight(a) ^ eight(b)) | (eight(a + n - 8) ^ eight(b + n - 8))) == 0;
}

}  // namespace tenon::http::detail
