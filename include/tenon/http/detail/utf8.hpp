// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tenon::http::detail {

/// Whether bytes are UTF-8, as they come: a character may be cut anywhere, and the first bad byte is seen at once.
///
/// Cost     ASCII eight bytes at a time, the rest one by one.
/// Source   RFC 3629 section 4: no surrogates, nothing over U+10FFFF, nothing longer than it need be.
class utf8_check {
 public:
  /// False as soon as no text could begin like that.
  [[nodiscard]] bool feed(std::string_view text) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
      if (more_ == 0) {
        while (end - at >= 8) {
          std::uint64_t word;
          std::memcpy(&word, at, sizeof word);
          if ((word & 0x8080808080808080U) != 0) break;
          at += 8;
        }
        if (at == end) break;
      }
      if (!feed(static_cast<unsigned char>(*at++))) return false;
    }
    return true;
  }
  /// Whether no character is cut.
  [[nodiscard]] bool is_whole() const noexcept { return more_ == 0; }

  [[nodiscard]] static bool is_valid(std::string_view text) noexcept {
    utf8_check one;
    return one.feed(text) && one.is_whole();
  }

 private:
  bool feed(unsigned char c) noexcept {
    if (more_ != 0) {
      if (c < least_ || c > most_) return false;
      least_ = 0x80;
      most_ = 0xbf;
      --more_;
      return true;
    }
    if (c < 0x80) return true;
    if (c < 0xc2 || c > 0xf4) return false;
    more_ = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (c == 0xe0) least_ = 0xa0;
    if (c == 0xed) most_ = 0x9f;
    if (c == 0xf0) least_ = 0x90;
    if (c == 0xf4) most_ = 0x8f;
    return true;
  }

  std::uint8_t more_ = 0;  // bytes of the character that is cut
  std::uint8_t least_ = 0x80;
  std::uint8_t most_ = 0xbf;
};

}  // namespace tenon::http::detail
