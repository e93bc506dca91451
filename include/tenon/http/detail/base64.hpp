// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon::http::detail {

inline constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 of N bytes, padded.
///
/// Source   RFC 4648 section 4.
template <std::size_t N>
[[nodiscard]] constexpr std::array<char, (N + 2) / 3 * 4> base64(const std::array<std::uint8_t, N>& bytes) noexcept {
  std::array<char, (N + 2) / 3 * 4> out{};
  std::size_t to = 0;
  for (std::size_t i = 0; i < N; i += 3) {
    const std::uint32_t first = bytes[i];
    const std::uint32_t second = i + 1 < N ? bytes[i + 1] : 0;
    const std::uint32_t third = i + 2 < N ? bytes[i + 2] : 0;
    const std::uint32_t all = first << 16 | second << 8 | third;
    out[to++] = base64_digits[all >> 18];
    out[to++] = base64_digits[all >> 12 & 63];
    out[to++] = i + 1 < N ? base64_digits[all >> 6 & 63] : '=';
    out[to++] = i + 2 < N ? base64_digits[all & 63] : '=';
  }
  return out;
}

/// Whether `text` is the base64 of 16 bytes: what a Sec-WebSocket-Key has to be.
[[nodiscard]] constexpr bool is_base64_of_16(std::string_view text) noexcept {
  if (text.size() != 24 || text.substr(22) != "==") return false;
  for (const char c : text.substr(0, 22)) {
    if (base64_digits.find(c) == base64_digits.npos) return false;
  }
  return base64_digits.find(text[21]) % 16 == 0;  // its last four bits are of no byte
}

static_assert(base64(std::array<std::uint8_t, 1>{'f'})[1] == 'g');  // RFC 4648, "f" is "Zg=="

}  // namespace tenon::http::detail
