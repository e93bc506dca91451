// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/unique_fd.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace tenon::detail {

// Every program reads its quota through these, so they are plain functions over char: strings and their optionals would
// be a tenth of a small program's compile time.

/// A path put together from pieces. One that is too long for the kernel opens nothing.
class path_text {
 public:
  void add(std::string_view piece) noexcept {
    for (const char c : piece) add(c);
  }
  void add(char c) noexcept {
    if (size_ < longest) text_[size_] = c;
    ++size_;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void cut(std::size_t size) noexcept { size_ = size; }

  /// Opens the file of this name below it.
  [[nodiscard]] unique_fd open(std::string_view name) noexcept {
    const std::size_t folder = size_;
    add(name);
    add('\0');
    const bool fits = size_ <= longest;
    size_ = folder;
    return unique_fd(fits ? ::open(text_, O_RDONLY | O_CLOEXEC) : -1);
  }

 private:
  static constexpr std::size_t longest = 4096;  // PATH_MAX

  char text_[longest];  // what lies behind size_ says nothing
  std::size_t size_ = 0;
};

/// The text of a file of /proc or /sys; empty when it cannot be read, or is longer than any of them is.
class file_text {
 public:
  file_text(path_text& folder, std::string_view name) noexcept {
    const unique_fd file = folder.open(name);
    if (file && !read(file.get())) size_ = 0;
  }
  file_text(const file_text&) = delete;
  file_text& operator=(const file_text&) = delete;
  ~file_text() { std::free(data_); }

  [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }

 private:
  [[nodiscard]] bool read(int file) noexcept {
    constexpr std::size_t longest = std::size_t{4} * 1024 * 1024;
    for (std::size_t room = 4096; room <= longest; room *= 2) {
      auto* const wider = static_cast<char*>(std::realloc(data_, room));
      if (wider == nullptr) return false;
      data_ = wider;
      while (size_ < room) {
        const auto n = ::read(file, data_ + size_, room - size_);
        if (n == 0) return true;
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) size_ += static_cast<std::size_t>(n);
      }
    }
    return false;
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Cuts `rest` at the first `separator`: gives what is before it and leaves what is behind it.
[[nodiscard]] constexpr std::string_view take_until(std::string_view& rest, char separator) noexcept {
  std::size_t at = 0;
  while (at < rest.size() && rest[at] != separator) ++at;
  const std::string_view head(rest.data(), at);
  rest.remove_prefix(at < rest.size() ? at + 1 : at);
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
