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

/// Both halves of the product, folded: each bit of the result depends on almost all of a and b.
[[nodiscard]] constexpr std::uint64_t stir(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a ^ 0xa0761d6478bd642fU) * (b ^ 0xe7037ed1a0b428dbU);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A path, or some whole segments of one, as four words: all of it up to 32 bytes, of a longer one
/// both ends, and what is between them stirred together.
struct path_key {
  std::uint64_t words[4] = {};
  std::uint32_t size = UINT32_MAX;  // of no path

  constexpr path_key() = default;
  constexpr explicit path_key(std::string_view path) noexcept : size(static_cast<std::uint32_t>(path.size())) {
    const char* const at = path.data();
    const std::size_t n = path.size();
    if (n < 8) {
      words[0] = few(at, n);
      return;
    }
    words[0] = eight(at);  // the same loads whatever the length: lengths change from path to path
    words[1] = eight(at + (n < 16 ? n - 8 : 8));
    words[2] = eight(at + (n < 16 ? 0 : n - 16));
    words[3] = eight(at + n - 8);
    for (std::size_t i = 16; i + 16 < n; i += 8) words[1] = stir(words[1], eight(at + i));
  }

  [[nodiscard]] constexpr std::uint64_t hash() const noexcept {
    return stir(words[0] + size, words[1]) ^ stir(words[2], words[3] + size);
  }
  [[nodiscard]] constexpr bool same_words(const path_key& other) const noexcept {
    return ((words[0] ^ other.words[0]) | (words[1] ^ other.words[1]) | (words[2] ^ other.words[2]) |
            (words[3] ^ other.words[3]) | (size ^ other.size)) == 0;
  }
};

/// Whether two texts of n bytes are the same.
[[nodiscard]] inline bool same_text(const char* a, const char* b, std::size_t n) noexcept {
  if (n < 8) return few(a, n) == few(b, n);
  if (n < 16) return ((eight(a) ^ eight(b)) | (eight(a + n - 8) ^ eight(b + n - 8))) == 0;
#if defined(__SSE2__)
  if (n <= 48) {
    const auto same_at = [a, b](std::size_t i) { return _mm_cmpeq_epi8(load(a + i), load(b + i)); };
    return misses(_mm_and_si128(same_at(0), _mm_and_si128(same_at(n / 2 - 8), same_at(n - 16)))) == 0;
  }
#endif
  return std::memcmp(a, b, n) == 0;
}

}  // namespace tenon::http::detail
