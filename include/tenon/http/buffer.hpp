// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/cursor.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace tenon::http {

/// Bytes that come in at the back and go out at the front: what a connection reads into, and what it answers from.
///
///     auto n = co_await peer.read_some(in.writable(4096));
///     in.commit(*n);
///     auto seen = parser.parse(in.readable(), limits, request);
///     in.consume(seen.bytes);
///
/// Shape    One heap block of `capacity()` bytes, none before the first write and none after release().
/// Cost     append: one copy, amortised; nothing is zeroed. consume: O(1). writable: moves the readable bytes to the
///          front when that makes room, else doubles. A warmed buffer never allocates.
/// Threads  One at a time.
/// Errors   Out of memory: std::bad_alloc, or the end of the program without exceptions.
class buffer {
 public:
  buffer() = default;
  buffer(buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    if (this != &other) {
      release();
      std::swap(data_, other.data_);
      std::swap(begin_, other.begin_);
      std::swap(end_, other.end_);
      std::swap(capacity_, other.capacity_);
    }
    return *this;
  }
  ~buffer() { release(); }

  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::string_view view() const noexcept { return {data_ + begin_, size()}; }
  [[nodiscard]] std::span<char> readable() noexcept { return {data_ + begin_, size()}; }
  /// The same as bytes, for a stream to write.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span(view())); }

  /// All the room behind the last byte, at least `least_bytes`. Views of the readable bytes end here.
  [[nodiscard]] std::span<std::byte> writable(std::size_t least_bytes) {
    reserve(least_bytes);
    return std::as_writable_bytes(std::span<char>(data_ + end_, capacity_ - end_));
  }
  /// Takes the first `count` bytes of writable() in.
  void commit(std::size_t count) noexcept {
    assert(count <= capacity_ - end_);
    end_ += count;
  }
  /// Drops the first `count` readable bytes.
  void consume(std::size_t count) noexcept {
    assert(count <= size());
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Keeps the first `count` readable bytes alone.
  void truncate(std::size_t count) noexcept {
    assert(count <= size());
    end_ = begin_ + count;
  }
  /// Empties it and keeps the block.
  void clear() noexcept { begin_ = end_ = 0; }
  /// Empties it and gives the block back: what an idle connection does.
  void release() noexcept {
    ::operator delete(data_);
    data_ = nullptr;
    begin_ = end_ = capacity_ = 0;
  }

  void append(std::string_view text) {
    if (text.empty()) return;
    reserve(text.size());
    std::memcpy(data_ + end_, text.data(), text.size());
    end_ += text.size();
  }
  void append(char c) {
    reserve(1);
    data_[end_++] = c;
  }
  /// Appends a number in decimal.
  void append_decimal(std::uint64_t value) {
    reserve(detail::cursor::most_digits);
    detail::cursor to(data_ + end_);
    to.put_decimal(value);
    end_ = static_cast<std::size_t>(to.at() - data_);
  }
  /// Appends a header line.
  void append_line(std::string_view name, std::string_view value) {
    reserve(name.size() + value.size() + detail::cursor::line_bytes);
    detail::cursor to(data_ + end_);
    to.put_line(name, value);
    end_ = static_cast<std::size_t>(to.at() - data_);
  }
  /// Makes room for `more_bytes` behind the last byte.
  void reserve(std::size_t more_bytes) {
    if (capacity_ - end_ < more_bytes) make_room(more_bytes);
  }

 private:
  static constexpr std::size_t first_bytes = 512;

  [[gnu::noinline]] void make_room(std::size_t more_bytes) {
    const std::size_t held = size();
    // sliding is paid for by the quarter that was consumed since; else a slow reader would make it quadratic
    if (begin_ != 0 && begin_ >= capacity_ / 4 && capacity_ - held >= more_bytes) {
      std::memmove(data_, data_ + begin_, held);
      begin_ = 0;
      end_ = held;
      return;
    }
    if (more_bytes > SIZE_MAX / 4 || held > SIZE_MAX / 4) out_of_memory();
    std::size_t wanted = capacity_ == 0 ? first_bytes : capacity_ * 2;
    while (wanted < held + more_bytes) wanted *= 2;
    char* const block = static_cast<char*>(::operator new(wanted));
    if (held != 0) std::memcpy(block, data_ + begin_, held);
    ::operator delete(data_);
    data_ = block;
    begin_ = 0;
    end_ = held;
    capacity_ = wanted;
  }
  [[noreturn]] static void out_of_memory() {
#if defined(__cpp_exceptions)
    throw std::bad_alloc();
#else
    std::terminate();
#endif
  }

  char* data_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

static_assert(sizeof(buffer) == 4 * sizeof(void*));

}  // namespace tenon::http
