// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/chunk_decoder.hpp>
#include <tenon/http/head_parser.hpp>
#include <tenon/http/known_head.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/progress.hpp>
#include <tenon/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tenon::http {

/// Finds the next request in a connection's buffer, body included; strict, zero-copy, from wherever it stopped.
///
///     tenon::http::parser parser;
///     tenon::http::request request;
///     for (;;) {
///       const auto seen = parser.parse(input, limits, request);
///       if (seen.is_complete()) input = input.subspan(seen.bytes);         // answer `request`, whose views stay valid
///       if (seen.is_failed()) ...                                          // answer seen.status and close
///       if (seen.is_more()) input = read_more_behind(input.first(seen.bytes));
///     }
///
/// Shape    An object of about 100 bytes per connection, all offsets: the buffer may grow or move between two calls.
///          A chunked body is decoded in place and is contiguous like any other. parse() may write to the buffer.
/// Cost     Amortised, each byte once. No allocation. An idle connection needs no buffer.
/// Errors   Those of head_parser and chunk_decoder. After a failure call reset(), or throw the parser away.
/// Threads  One at a time.
class parser {
 public:
  /// Reads on. After complete, the next call begins a new request behind the `bytes` used; after more, `input` is the
  /// first `bytes` of the last one, then new ones (never the same without: that costs time and gains nothing).
  progress parse(std::span<char> input, const limits& limit, request& out) noexcept {
    if (stage_ == stage::head) {
      const progress seen = parse_head({input.data(), input.size()}, limit);
      if (!seen.is_complete()) return seen;
      head_bytes_ = seen.bytes;
      awaits_continue_ = head_.expects_continue();
      stage_ = head_.is_chunked() ? stage::chunks : stage::sized;
    }
    const std::span<char> rest = input.subspan(head_bytes_);
    if (!rest.empty()) awaits_continue_ = false;  // the client did not wait
    std::size_t offset = 0;
    std::size_t size = 0;
    std::size_t used = 0;
    if (stage_ == stage::sized) {
      size = static_cast<std::size_t>(head_.content_length());
      missing_ = size > rest.size() ? size - rest.size() : 0;
      if (missing_ != 0) return progress::more(input.size());
      used = size;
    } else {
      const progress seen = chunks_.decode(rest, limit);
      if (seen.is_failed()) return seen;
      missing_ = 1;
      if (seen.is_more()) return progress::more(head_bytes_ + seen.bytes);
      offset = chunks_.body_offset();
      size = chunks_.body_size();
      used = seen.bytes;
    }
    head_.view(input.data(), out);
    out.body = {rest.data() + offset, size};
    used += head_bytes_;
    reset();
    return progress::complete(used);
  }

  /// The same over bytes, as a stream delivers them.
  progress parse(std::span<std::byte> input, const limits& limit, request& out) noexcept {
    return parse(std::span<char>(reinterpret_cast<char*>(input.data()), input.size()), limit, out);
  }

  /// After more: the least number of bytes that must still come.
  [[nodiscard]] std::size_t missing_bytes() const noexcept { return stage_ == stage::sized ? missing_ : 1; }

  /// After more: true, once a request, when the client waits for `HTTP/1.1 100 Continue` before it sends the body.
  [[nodiscard]] bool take_continue() noexcept { return std::exchange(awaits_continue_, false); }

  /// After more: whether the head is complete, and only body is missing.
  [[nodiscard]] bool is_in_body() const noexcept { return stage_ != stage::head; }

  /// Reads the head alone, for who decides by it what becomes of the body: complete when it is there, with all of `out`
  /// but the body, and as many `bytes` as it has. Asked again, it says so again. parse() goes on from there, or who
  /// reads the body himself calls reset().
  progress parse_head(std::span<char> input, const limits& limit, request& out) noexcept {
    if (stage_ == stage::head) {
      const progress seen = parse_head({input.data(), input.size()}, limit);
      if (!seen.is_complete()) return seen;
      head_bytes_ = seen.bytes;
      awaits_continue_ = head_.expects_continue() && input.size() == head_bytes_;
      stage_ = head_.is_chunked() ? stage::chunks : stage::sized;
    }
    head_.view(input.data(), out);
    return progress::complete(head_bytes_);
  }

  /// After parse_head(): how many bytes the head has, and how the body behind it is framed.
  [[nodiscard]] std::size_t head_bytes() const noexcept { return head_bytes_; }
  [[nodiscard]] bool is_chunked() const noexcept { return head_.is_chunked(); }
  [[nodiscard]] std::uint64_t content_length() const noexcept { return head_.content_length(); }

  /// Whether it is at the beginning of a request.
  [[nodiscard]] bool is_fresh() const noexcept { return stage_ == stage::head && head_.is_fresh(); }

  /// Forgets the request it was in.
  void reset() noexcept {
    head_.reset();
    if (stage_ == stage::chunks) chunks_ = chunk_decoder();
    awaits_continue_ = false;
    stage_ = stage::head;
  }

  /// From now on a head that is the same as the last one is not parsed again. `where` outlives the parser.
  void remember_in(known_head& where) noexcept { known_ = &where; }

 private:
  enum class stage : std::uint8_t { head, sized, chunks };

  progress parse_head(std::string_view input, const limits& limit) noexcept {
    return known_ != nullptr ? known_->parse(head_, input, limit) : head_.parse(input, limit);
  }

  head_parser head_;
  chunk_decoder chunks_;
  known_head* known_ = nullptr;
  std::size_t head_bytes_ = 0;
  std::size_t missing_ = 0;
  stage stage_ = stage::head;
  bool awaits_continue_ = false;
};

static_assert(std::is_trivially_copyable_v<parser> && sizeof(parser) <= 144);

}  // namespace tenon::http
