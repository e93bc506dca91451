// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/status.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// What a response must know of its request. Default: an answer to bytes that were no request; it closes.
struct reply_to {
  bool head_only = false;
  bool keep_alive = false;
  std::uint8_t minor_version = 1;

  reply_to() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): `response{.to = request}` is how it is used
  reply_to(const request& asked) noexcept
      : head_only(asked.method == method::head), keep_alive(asked.keep_alive), minor_version(asked.minor_version) {}
};

/// Headers that a handler adds to its response: views, a few of them.
///
/// Errors   add: false, and nothing added, when all places are taken, when the name is not a token, when the value has
///          a CR, an LF or another control byte, or when the name is one that the library writes itself
///          (Content-Length, Content-Type, Transfer-Encoding, Connection, Date).
class header_list {
 public:
  static constexpr std::size_t capacity = 8;

  [[nodiscard]] bool add(std::string_view name, std::string_view value) noexcept {
    if (size_ == capacity || name.empty() || is_ours(name)) return false;
    if (detail::skip_token(name.data(), name.data() + name.size()) != name.data() + name.size()) return false;
    if (!is_value(value)) return false;
    items_[size_++] = {name, value};
    return true;
  }
  [[nodiscard]] std::span<const header> items() const noexcept { return {items_.data(), size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Whether `text` may stand behind a colon.
  [[nodiscard]] static bool is_value(std::string_view text) noexcept {
    return detail::skip_value(text.data(), text.data() + text.size()) == text.data() + text.size();
  }

 private:
  static bool is_ours(std::string_view name) noexcept {
    constexpr std::string_view ours[] = {"content-length", "content-type", "transfer-encoding", "connection", "date"};
    for (const std::string_view one : ours) {
      if (detail::same_ignoring_case(name, one)) return true;
    }
    return false;
  }

  std::array<header, capacity> items_{};
  std::size_t size_ = 0;
};

/// What a handler gives back: plain data, all of it views.
///
///     return tenon::http::response{.to = request, .content_type = "text/plain", .body = "Hello, World!"};
///
/// Shape    Whatever the views point at lives until respond() has returned: literals, the request, a scratch buffer.
struct response {
  http::status status = http::status::ok;
  reply_to to{};
  /// The methods of an Allow header; none when empty.
  method_set allow{};
  /// None when empty.
  std::string_view content_type{};
  std::string_view body{};
  header_list headers{};
};

static_assert(std::is_trivially_copyable_v<response>);

/// The response to something that went wrong: the status, and its words as the body. Without a request, it closes.
[[nodiscard]] inline response error_response(status code, reply_to to = {}) noexcept {
  return {.status = code, .to = to, .content_type = "text/plain; charset=utf-8", .body = reason(code)};
}

namespace detail {

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
    if (value < 100) {
      if (value >= 10) *at_++ = static_cast<char>('0' + value / 10);
      *at_++ = static_cast<char>('0' + value % 10);
      return;
    }
    char digits[20];
    std::size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    while (first != sizeof digits) *at_++ = digits[first++];
  }
  void put(method_set allow) noexcept {
    put("Allow: ");
    bool first = true;
    for (std::size_t i = 0; i < method_count; ++i) {
      if (!allow.contains(static_cast<method>(i))) continue;
      if (!first) put(", ");
      first = false;
      put(name_of(static_cast<method>(i)));
    }
    put("\r\n");
  }
  [[nodiscard]] const char* at() const noexcept { return at_; }

 private:
  char* at_;
};

}  // namespace detail

/// Writes a response behind what `out` holds: many pipelined answers leave in one write.
///
/// Shape    `date_line` is date_cache::line(), or empty for no Date.
/// Cost     One check for room and a handful of copies.
/// Errors   A content_type with control bytes (of a careless handler) is answered 500 in its place, and closes.
/// Source   RFC 9110 sections 8.6 (Content-Length) and 15, RFC 9112 section 9.3 (keep-alive).
inline void respond(buffer& out, const response& reply, std::string_view date_line) {
  constexpr std::size_t fixed_bytes = 192;  // all literals below, an Allow of all methods, 20 digits
  const std::string_view first = status_line(reply.status);
  const bool bodiless = is_bodiless(reply.status);
  const std::string_view body = reply.status == status::reset_content ? std::string_view() : reply.body;
  std::size_t room = fixed_bytes + first.size() + date_line.size() + reply.content_type.size() + body.size();
  for (const auto& [name, value] : reply.headers.items()) room += name.size() + value.size() + 4;

  char* const start = reinterpret_cast<char*>(out.writable(room).data());
  detail::cursor to(start);
  to.put(first);
  to.put(date_line);
  if (!bodiless) {
    if (!reply.content_type.empty()) {
      to.put("Content-Type: ");
      const char* const type = to.at();
      to.put(reply.content_type);
      // looked at where it stands now, behind the status line: sixteen bytes at once
      if (detail::skip_value<detail::before::sixteen_bytes>(type, to.at()) != to.at()) {
        return respond(out, error_response(status::internal_server_error), date_line);
      }
      to.put("\r\n");
    }
    to.put("Content-Length: ");
    to.put_decimal(body.size());
    to.put("\r\n");
  }
  if (!reply.to.keep_alive) {
    to.put("Connection: close\r\n");
  } else if (reply.to.minor_version == 0) {
    to.put("Connection: keep-alive\r\n");
  }
  if (!reply.allow.empty()) to.put(reply.allow);
  for (const auto& [name, value] : reply.headers.items()) {
    to.put(name);
    to.put(": ");
    to.put(value);
    to.put("\r\n");
  }
  to.put("\r\n");
  if (!bodiless && !reply.to.head_only) to.put(body);
  out.commit(static_cast<std::size_t>(to.at() - start));
}

/// What is sent to a client that waits before it sends a body.
inline constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace tenon::http
