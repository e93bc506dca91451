// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/scan.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace tenon::http::detail {

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Equal but for the case of ASCII letters.
[[nodiscard]] constexpr bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

template <class Word>
[[nodiscard]] inline Word lowered_word(const char* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word | static_cast<Word>(0x2020202020202020U);
}

/// same_ignoring_case for a text of N - 1 bytes, all of them letters and '-', against bytes none of which is a control:
/// setting the bit that letters differ in makes nothing else equal to them.
template <std::size_t N>
[[nodiscard]] inline bool spells(const char* at, const char (&wanted)[N]) noexcept {
  using word = std::conditional_t<(N > 8), std::uint64_t, std::uint32_t>;
  constexpr std::size_t size = N - 1;
  static_assert(size >= sizeof(word));
  word differ = 0;
  for (std::size_t i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
    differ |= lowered_word<word>(at + i) ^ lowered_word<word>(wanted + i);
  }
  constexpr std::size_t last = size - sizeof(word);
  return (differ | (lowered_word<word>(at + last) ^ lowered_word<word>(wanted + last))) == 0;
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The worth of a hexadecimal digit, or -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// trim() of a header value, which has one space in front, almost always.
[[nodiscard]] constexpr std::string_view tight(std::string_view value) noexcept {
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  const bool already = !value.empty() && value.front() > ' ' && value.back() > ' ';
  return already ? value : trim(value);
}

/// Takes the next element off a comma-separated list, trimmed; it may be empty.
[[nodiscard]] constexpr std::string_view next_element(std::string_view& list) noexcept {
  const std::size_t comma = list.find(',');
  const std::string_view element = list.substr(0, comma);
  list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  return trim(element);
}

/// Digits alone into a number: false when there are none, anything else, or more than 64 bits hold.
[[nodiscard]] constexpr bool read_decimal(std::string_view digits, std::uint64_t& out) noexcept {
  if (digits.empty()) return false;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return false;
    value = value * 10 + digit;
  }
  out = value;
  return true;
}

/// Whether `text` is empty or ":" and digits.
[[nodiscard]] constexpr bool is_port(std::string_view text) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (!is_digit(text[i])) return false;
  }
  return text.empty() || text[0] == ':';
}

/// Whether `text` is `host` or `host:port`: a registered name, an IPv4 address, or an address in brackets.
///
/// Source   RFC 3986 section 3.2.2, RFC 9110 section 7.2. An empty host, and user information, are refused.
[[nodiscard]] constexpr bool is_host(std::string_view text) noexcept {
  if (text.empty()) return false;
  std::size_t at = 0;
  if (text[0] == '[') {
    const std::size_t close = text.find(']');
    if (close == text.npos || close < 3) return false;
    for (std::size_t i = 1; i < close; ++i) {
      if (hex_value(text[i]) < 0 && text[i] != ':' && text[i] != '.') return false;
    }
    at = close + 1;
  } else {
    while (at < text.size() && is(text[at], host_byte)) ++at;
    if (at == 0) return false;
  }
  return is_port(text.substr(at));
}

static_assert(is_host("a.b:80") && is_host("[::1]:8080") && !is_host("u@h") && !is_host("[::1") && !is_host(":80"));

}  // namespace tenon::http::detail
