// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tenon::http::detail {

using mask_key = std::array<char, 4>;

/// Masks, or unmasks, `size` bytes of a payload, of which `phase` have been before them: eight at a time, and more
/// where the compiler knows how.
///
/// Source   RFC 6455 section 5.3.
inline void mask(char* to, const char* from, std::size_t size, const mask_key& key, std::size_t phase) noexcept {
  char turned[8];
  for (std::size_t i = 0; i < 8; ++i) turned[i] = key[(phase + i) % 4];
  std::uint64_t word;
  std::memcpy(&word, turned, sizeof word);
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    std::uint64_t here;
    std::memcpy(&here, from + at, sizeof here);
    here ^= word;
    std::memcpy(to + at, &here, sizeof here);
  }
  for (; at < size; ++at) to[at] = static_cast<char>(from[at] ^ turned[at % 8]);
}

}  // namespace tenon::http::detail
