// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/unique_fd.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace tenon::detail {

/// The text of a file of /proc or /sys; nullopt when it cannot be read, or is longer than any of them is.
[[nodiscard]] inline std::optional<std::string> read_text(const std::string& path) {
  const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::nullopt;
  constexpr std::size_t longest = std::size_t{4} * 1024 * 1024;
  std::string text;
  std::array<char, 4096> room;
  for (;;) {
    const auto n = ::read(file.get(), room.data(), room.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || text.size() > longest) return std::nullopt;
    if (n == 0) return text;
    text.append(room.data(), static_cast<std::size_t>(n));
  }
}

/// Cuts `rest` at the first `separator`: gives what is before it and leaves what is behind it.
[[nodiscard]] constexpr std::string_view take_until(std::string_view& rest, char separator) noexcept {
  const std::size_t at = rest.find(separator);
  const std::string_view head = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return head;
}

/// A number of decimal digits alone; nullopt for anything else ("max", "-1", nothing, more than 64 bits).
[[nodiscard]] constexpr std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (most - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace tenon::detail
