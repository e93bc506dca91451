// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>

#include <cstddef>
#include <string_view>

namespace tenon::http::detail {

inline constexpr std::size_t bad_escape = static_cast<std::size_t>(-1);

/// Decodes %XX into `out`, which has room for text.size() bytes; gives the decoded size, or bad_escape.
[[nodiscard]] constexpr std::size_t percent_decode(std::string_view text, char* out) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return bad_escape;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return bad_escape;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    out[size++] = c;
  }
  return size;
}

}  // namespace tenon::http::detail
