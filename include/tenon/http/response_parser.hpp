// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/progress.hpp>
#include <tenon/http/status.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// How long a body is.
enum class framing : std::uint8_t {
  none,        ///< there is none
  sized,       ///< as Content-Length says
  chunked,     ///< until its last chunk
  until_close  ///< until the server closes
};

/// The head of a response, as views into the buffer it came in.
struct response_head {
  http::status status = http::status::ok;  ///< any number from 100 to 599
  std::uint8_t minor_version = 1;
  /// Whether the server takes another request on this connection.
  bool keep_alive = false;
  http::framing framing = framing::none;
  std::uint64_t content_length = 0;  ///< of `sized`, and what a HEAD would have got
  std::string_view reason{};
  http::headers headers{};
};

/// Reads a status line and the headers behind it: HTTP/1.1 and 1.0, strictly.
///
///     const auto seen = parser.parse(in.view(), limits, asked_with_head);
///     if (seen.is_complete()) parser.view(in.view().data(), head);
///
/// Shape    A few offsets; the text stays in the caller's buffer, which may move between two calls.
/// Cost     Each line is looked at twice, 16 bytes at a time (SSE2), however its bytes arrive. No allocation.
/// Errors   502 (bad gateway) for what is no answer: bare CR or LF, a folded line, a space before a colon, control
///          bytes, a bad version or number, a second Content-Length or Transfer-Encoding, both of them, a coding
///          besides chunked, one in HTTP/1.0, a length where no body may be (1xx, 204). 431 over head_bytes or
///          header_count.
/// Threads  One at a time.
/// Source   RFC 9112 sections 4 to 7. A status line that ends after the number is taken, for it is common.
class response_parser {
 public:
  /// Reads on. `input` is what the previous call was given, with or without more behind it. `to_head`: it answers a
  /// HEAD request.
  progress parse(std::string_view input, const limits& limit, bool to_head = false) noexcept {
    const bool clipped = input.size() >= limit.head_bytes;
    const char* const base = input.data();
    const char* const end = base + (clipped ? limit.head_bytes : input.size());
    for (;;) {
      const char* const lf = detail::find_byte(base + at_, end, '\n');
      if (lf == end) {
        at_ = static_cast<std::uint32_t>(end - base);
        if (line_ == 0 && !begins_well({base, at_})) return bad();
        if (clipped) return progress::failed(status::request_header_fields_too_large);
        return progress::more(input.size());
      }
      std::string_view line(base + line_, static_cast<std::size_t>(lf - base) - line_);
      if (line.empty() || line.back() != '\r') return bad();
      line.remove_suffix(1);
      const bool first = line_ == 0;
      const std::uint32_t next = static_cast<std::uint32_t>(lf - base) + 1;
      if (first) {
        if (!read_status_line(line)) return bad();
        lines_ = next;
      } else if (line.empty()) {
        lines_end_ = line_;
        at_ = line_ = next;
        return conclude(to_head) ? progress::complete(next) : bad();
      } else {
        if (++count_ > limit.header_count) return progress::failed(status::request_header_fields_too_large);
        if (!read_header(line)) return bad();
      }
      at_ = line_ = next;
    }
  }

  /// After complete: fills `out` with views of the buffer that begins at `base`.
  void view(const char* base, response_head& out) const noexcept {
    out.status = static_cast<status>(code_);
    out.minor_version = minor_;
    out.keep_alive =
        framing_ != framing::until_close && (flags_ & closes) == 0 && (minor_ == 1 || (flags_ & keeps) != 0);
    out.framing = framing_;
    out.content_length = content_length_;
    out.reason =
        lines_ > reason_at + 2 ? std::string_view(base + reason_at, lines_ - 2 - reason_at) : std::string_view();
    out.headers = headers(std::string_view(base + lines_, lines_end_ - lines_));
  }

  /// Makes it ready for the next response.
  void reset() noexcept { *this = response_parser(); }

 private:
  enum : std::uint8_t { coded = 1, sized = 2, closes = 4, keeps = 8 };
  static constexpr std::size_t reason_at = 13;

  static progress bad() noexcept { return progress::failed(status::bad_gateway); }
  /// So that one who waits for a line's end in what is no HTTP does not wait long.
  static bool begins_well(std::string_view text) noexcept {
    constexpr std::string_view shape = "HTTP/1.";
    return text.substr(0, shape.size()) == shape.substr(0, text.size());
  }

  bool read_status_line(std::string_view line) noexcept {
    if (line.size() < 12 || !begins_well(line)) return false;
    if ((line[7] != '0' && line[7] != '1') || line[8] != ' ') return false;
    std::uint64_t code = 0;
    if (!detail::read_decimal(line.substr(9, 3), code) || code < 100 || code > 599) return false;
    if (line.size() > 12 && line[12] != ' ') return false;
    minor_ = static_cast<std::uint8_t>(line[7] - '0');
    code_ = static_cast<std::uint16_t>(code);
    return detail::skip_value(line.data() + 12, line.data() + line.size()) == line.data() + line.size();
  }

  bool read_header(std::string_view line) noexcept {
    const char* const end = line.data() + line.size();
    const char* const colon = detail::skip_token(line.data(), end);
    if (colon == line.data() || colon == end || *colon != ':') return false;
    if (detail::skip_value(colon + 1, end) != end) return false;
    const std::string_view name = line.substr(0, static_cast<std::size_t>(colon - line.data()));
    const std::string_view value = detail::trim(line.substr(name.size() + 1));
    if (detail::same_ignoring_case(name, "content-length")) {
      return once(sized) && detail::read_decimal(value, content_length_);
    }
    if (detail::same_ignoring_case(name, "transfer-encoding")) {
      return once(coded) && detail::same_ignoring_case(value, "chunked");
    }
    if (detail::same_ignoring_case(name, "connection")) {
      for (std::string_view list = value; !list.empty();) {
        const std::string_view option = detail::next_element(list);
        if (detail::same_ignoring_case(option, "close")) (void)once(closes);
        if (detail::same_ignoring_case(option, "keep-alive")) (void)once(keeps);
      }
    }
    return true;
  }

  bool once(std::uint8_t flag) noexcept {
    const bool was = (flags_ & flag) != 0;
    flags_ = static_cast<std::uint8_t>(flags_ | flag);
    return !was;
  }

  bool conclude(bool to_head) noexcept {
    const bool chunks = (flags_ & coded) != 0;
    const bool bytes = (flags_ & sized) != 0;
    if (chunks && (bytes || minor_ == 0)) return false;
    if (code_ < 200 || code_ == 204) {
      framing_ = framing::none;
      return !chunks && content_length_ == 0;
    }
    if (to_head || code_ == 304) {
      framing_ = framing::none;
    } else if (chunks) {
      framing_ = framing::chunked;
    } else if (bytes) {
      framing_ = content_length_ == 0 ? framing::none : framing::sized;
    } else {
      framing_ = framing::until_close;
    }
    return true;
  }

  std::uint64_t content_length_ = 0;
  std::uint32_t at_ = 0;    // the first byte not yet looked at
  std::uint32_t line_ = 0;  // where its line begins
  std::uint32_t lines_ = 0;
  std::uint32_t lines_end_ = 0;
  std::uint32_t count_ = 0;
  std::uint16_t code_ = 0;
  std::uint8_t minor_ = 1;
  std::uint8_t flags_ = 0;
  http::framing framing_ = framing::none;
};

static_assert(std::is_trivially_copyable_v<response_parser> && sizeof(response_parser) <= 40);

}  // namespace tenon::http
