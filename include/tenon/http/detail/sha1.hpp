// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon::http::detail {

/// The SHA-1 of a text. It proves nothing any more but that a WebSocket server has read the key it answers to.
///
/// Source   RFC 3174.
[[nodiscard]] constexpr std::array<std::uint8_t, 20> sha1(std::string_view text) noexcept {
  std::array<std::uint32_t, 5> h{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const std::uint64_t bits = std::uint64_t{text.size()} * 8;
  const std::size_t blocks = (text.size() + 8) / 64 + 1;
  const auto byte_at = [text, bits, blocks](std::size_t at) -> std::uint32_t {
    if (at < text.size()) return static_cast<unsigned char>(text[at]);
    if (at == text.size()) return 0x80;
    const std::size_t left = blocks * 64 - at;
    return left > 8 ? 0 : static_cast<std::uint32_t>(bits >> (left - 1) * 8 & 0xff);
  };
  for (std::size_t from = 0; from < blocks * 64; from += 64) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 16; ++i) {
      const std::size_t at = from + i * 4;
      w[i] = byte_at(at) << 24 | byte_at(at + 1) << 16 | byte_at(at + 2) << 8 | byte_at(at + 3);
    }
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    std::uint32_t a = h[0];
    std::uint32_t b = h[1];
    std::uint32_t c = h[2];
    std::uint32_t d = h[3];
    std::uint32_t e = h[4];
    for (std::size_t i = 0; i < 80; ++i) {
      std::uint32_t f = b ^ c ^ d;
      std::uint32_t k = 0x6ed9eba1;
      if (i < 20) {
        f = (b & c) | (~b & d);
        k = 0x5a827999;
      } else if (i >= 60) {
        k = 0xca62c1d6;
      } else if (i >= 40) {
        f = (b & c) | (b & d) | (c & d);
        k = 0x8f1bbcdc;
      }
      const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
  }
  std::array<std::uint8_t, 20> out{};
  for (std::size_t i = 0; i < 20; ++i) out[i] = static_cast<std::uint8_t>(h[i / 4] >> (24 - i % 4 * 8));
  return out;
}

static_assert(sha1("abc")[0] == 0xa9 && sha1("abc")[19] == 0x9d);  // RFC 3174, test 1

}  // namespace tenon::http::detail
