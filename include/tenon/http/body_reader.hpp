// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/http/chunk_decoder.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/parser.hpp>
#include <tenon/http/progress.hpp>
#include <tenon/http/status.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <system_error>

namespace tenon::http {

/// Takes the body of a request piece by piece out of what is read, while its head stays where it is.
///
///     auto seen = desk.parser.parse_head(desk.in.readable(), limits, request);   // complete
///     tenon::http::body_reader body(desk.in, desk.parser, limits);               // may move the head: view it again
///     while (!body.is_over() && !body.is_refused()) {
///       if (const std::size_t n = body.take(room)) use(room.first(n));
///       else body.took(read_into(body.wanted(room)));
///     }
///     desk.in.consume(body.used());                                              // what is left is the next request
///
/// Shape    The buffer holds the head, and behind it what was read and not taken: of a chunked body 16 KiB at most,
///          room that is made here, so that views of the head stay valid; what is missing of a sized body is read into
///          the caller's own bytes.
/// Cost     A sized body: each byte is written once, by the kernel, where it is wanted. A chunked one: once more.
/// Errors   A body that is refused (bad chunks, or over limits.body_bytes) gives nothing more; refusal() is the status.
/// Threads  One at a time.
class body_reader {
 public:
  /// `at` has seen the head, which is the first that `in` holds, and not the body.
  body_reader(buffer& in, const parser& at, const limits& limit)
      : in_(in), limit_(limit), head_bytes_(at.head_bytes()), at_(head_bytes_), is_chunked_(at.is_chunked()) {
    if (is_chunked_) {
      in.reserve(window_bytes);
      decode();
    } else {
      left_ = at.content_length();
      if (left_ > limit.body_bytes) refusal_ = status::content_too_large;
    }
  }

  /// Whether all of it was taken.
  [[nodiscard]] bool is_over() const noexcept { return is_chunked_ ? is_last_ && at_ == end_ : left_ == 0; }
  [[nodiscard]] bool is_refused() const noexcept { return refusal_ != status::ok; }
  [[nodiscard]] status refusal() const noexcept { return refusal_; }
  /// The same as an error.
  [[nodiscard]] std::errc error() const noexcept {
    if (refusal_ == status::content_too_large) return std::errc::file_too_large;
    if (refusal_ == status::request_header_fields_too_large) return std::errc::value_too_large;
    return std::errc::bad_message;
  }
  /// How many bytes will come at least.
  [[nodiscard]] std::uint64_t least_bytes() const noexcept { return is_chunked_ ? end_ - at_ : left_; }
  /// Has it refused, for what only its caller knows.
  void refuse(status why) noexcept { refusal_ = why; }

  /// Takes what has been read: 0 when there is nothing, or it is over or refused.
  [[nodiscard]] std::size_t take(std::span<std::byte> into) noexcept {
    if (is_refused()) return 0;
    const std::size_t held = (is_chunked_ ? end_ : in_.size()) - at_;
    std::size_t count = held < into.size() ? held : into.size();
    if (!is_chunked_ && left_ < count) count = static_cast<std::size_t>(left_);
    if (count == 0) return 0;
    std::memcpy(into.data(), in_.readable().data() + at_, count);
    at_ += count;
    if (!is_chunked_) left_ -= count;
    return count;
  }

  /// When take() gave 0 and it is neither over nor refused: where the next bytes are to be read to, `into` itself or
  /// the buffer.
  [[nodiscard]] std::span<std::byte> wanted(std::span<std::byte> into) {
    assert(!is_over() && !is_refused());
    if (!is_chunked_) return left_ < into.size() ? into.first(static_cast<std::size_t>(left_)) : into;
    assert(at_ == end_);
    in_.truncate(head_bytes_);
    at_ = end_ = head_bytes_;
    chunks_.take();
    return in_.writable(1);
  }
  /// `count` bytes were read to wanted(into): how many of the body lie at the front of `into`.
  [[nodiscard]] std::size_t took(std::span<std::byte> into, std::size_t count) noexcept {
    if (!is_chunked_) {
      left_ -= count;
      return count;
    }
    in_.commit(count);
    decode();
    return take(into);
  }

  /// When it is over: how many bytes of the buffer head and body have used up.
  [[nodiscard]] std::size_t used() const noexcept { return is_chunked_ ? used_ : at_; }

 private:
  static constexpr std::size_t window_bytes = 16 * 1024;

  /// Takes the chunks apart that lie behind the head.
  void decode() noexcept {
    const auto fresh = in_.readable().subspan(head_bytes_);
    if (fresh.empty()) return;
    limits left = limit_;
    left.body_bytes -= decoded_;
    const progress seen = chunks_.decode(fresh, left);
    if (seen.is_failed()) {
      refusal_ = seen.status;
      return;
    }
    decoded_ += chunks_.body_size();
    at_ = head_bytes_ + chunks_.body_offset();
    end_ = at_ + chunks_.body_size();
    is_last_ = seen.is_complete();
    used_ = head_bytes_ + seen.bytes;
  }

  buffer& in_;
  limits limit_;
  chunk_decoder chunks_;
  std::uint64_t left_ = 0;     // of a sized body
  std::uint64_t decoded_ = 0;  // of a chunked one
  std::size_t head_bytes_;
  std::size_t at_;  // the first byte that was not taken; of a chunked body up to end_
  std::size_t end_ = at_;
  std::size_t used_ = 0;
  status refusal_ = status::ok;
  bool is_chunked_;
  bool is_last_ = false;
};

}  // namespace tenon::http
