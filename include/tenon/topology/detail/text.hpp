// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/unique_fd.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace tenon::detail {

// Every program reads its quota through these, so they are plain functions over pointers: strings, string_views and
// optionals would be a tenth of a small program's compile time.

/// A part of a text: as much of a std::string_view as is needed here.
struct piece {
  const char* first = nullptr;
  const char* last = nullptr;

  [[nodiscard]] constexpr bool empty() const noexcept { return first == last; }

  [[nodiscard]] constexpr bool is(const char* word) const noexcept {
    const char* at = first;
    while (at != last && *word != '\0' && *at == *word) ++at, ++word;
    return at == last && *word == '\0';
  }

  /// Cuts it at the first `separator`: gives what is before it and leaves what is behind it.
  constexpr piece take_until(char separator) noexcept {
    piece head{first, first};
    while (head.last != last && *head.last != separator) ++head.last;
    first = head.last != last ? head.last + 1 : last;
    return head;
  }

  /// Reads a number of decimal digits alone. False for anything else ("max", "-1", nothing, more than 64 bits).
  [[nodiscard]] constexpr bool read(std::uint64_t& value) const noexcept {
    const char* end = last;
    while (end != first && (end[-1] == '\n' || end[-1] == ' ')) --end;
    value = 0;
    for (const char* at = first; at != end; ++at) {
      if (*at < '0' || *at > '9') return false;
      const auto digit = static_cast<std::uint64_t>(*at - '0');
      if (value > (UINT64_MAX - digit) / 10) return false;
      value = value * 10 + digit;
    }
    return end != first;
  }
};

/// A path put together from pieces. One that is too long for the kernel opens nothing.
class path_text {
 public:
  void add(piece text) noexcept {
    for (; !text.empty(); ++text.first) add(*text.first);
  }
  void add(char c) noexcept {
    if (size_ < longest) text_[size_] = c;
    ++size_;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void cut(std::size_t size) noexcept { size_ = size; }

  /// Opens the file of this name below it.
  [[nodiscard]] unique_fd open(const char* name) noexcept {
    const std::size_t folder = size_;
    do {
      add(*name);
    } while (*name++ != '\0');
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
  file_text(path_text& folder, const char* name) noexcept {
    const unique_fd file = folder.open(name);
    if (file && !read(file.get())) size_ = 0;
  }
  file_text(const file_text&) = delete;
  file_text& operator=(const file_text&) = delete;
  ~file_text() { std::free(data_); }

  [[nodiscard]] piece all() const noexcept { return {data_, data_ + size_}; }

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

}  // namespace tenon::detail
