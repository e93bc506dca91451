// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tenon::http::detail {

/// Writes where room has been made already.
class cursor {
 public:
  explicit cursor(char* at) noexcept : at_(at) {}
  template <std::size_t N>
  void put(const char (&literal)[N]) noexcept {
    std::memcpy(at_, literal, N - 1);
    at_ += N - 1;
  }
  void put(std::string_view text) noexcept {
    if (text.empty()) return;
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_decimal(std::uint64_t value) noexcept {
    if (value >= 100) return put_long_decimal(value);
    if (value >= 10) *at_++ = static_cast<char>('0' + value / 10);
    *at_++ = static_cast<char>('0' + value % 10);
  }
  void put_line(std::string_view name, std::string_view value) noexcept {
    put(name);
    put(": ");
    put(value);
    put("\r\n");
  }
  [[nodiscard]] char* at() const noexcept { return at_; }

  static constexpr std::size_t most_digits = 20;
  /// What a line has besides its name and its value.
  static constexpr std::size_t line_bytes = 4;

 private:
  [[gnu::noinline]] void put_long_decimal(std::uint64_t value) noexcept {
    char digits[most_digits];
    std::size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    std::memcpy(at_, digits + first, sizeof digits - first);
    at_ += sizeof digits - first;
  }

  char* at_;
};

}  // namespace tenon::http::detail
