// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/cursor.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/status.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
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

  /// Whether nothing of it is seen in the answer.
  [[nodiscard]] bool is_usual() const noexcept { return !head_only && keep_alive && minor_version == 1; }
};

/// Headers that a handler adds to its response: views, a few of them.
///
/// Errors   add: false, and nothing added, when all places are taken, when the name is not a token, when the value has
///          a CR, an LF or another control byte, or when the name is one that the library writes itself
///          (Content-Length, Content-Type, Transfer-Encoding, Connection, Date).
class header_list {
 public:
  static constexpr std::size_t capacity = 8;

  /// Its places are not written to: most answers name none.
  constexpr header_list() noexcept : nothing_() {}

  [[nodiscard]] bool add(std::string_view name, std::string_view value) noexcept {
    if (size_ == capacity || name.empty() || is_ours(name)) return false;
    if (detail::skip_token(name.data(), name.data() + name.size()) != name.data() + name.size()) return false;
    if (!is_value(value)) return false;
    std::construct_at(items_ + size_++, header{name, value});
    return true;
  }
  [[nodiscard]] std::span<const header> items() const noexcept { return {items_, size_}; }
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

  union {
    char nothing_;
    header items_[capacity];
  };
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

/// How the body behind a head is framed.
enum class reply_framing : std::uint8_t { none, sized, chunked, until_close };

/// Room for what put_length and put_ending write of `head`, and for the literals before them.
[[nodiscard]] inline std::size_t ending_room(const response& head) noexcept {
  std::size_t room = 192;  // all literals below, an Allow of all methods, 20 digits
  for (const auto& [name, value] : head.headers.items()) room += name.size() + value.size() + cursor::line_bytes;
  return room;
}
/// The same with put_beginning and put_framing.
[[nodiscard]] inline std::size_t head_room(const response& head, std::string_view date_line) noexcept {
  return status_line(head.status).size() + date_line.size() + head.content_type.size() + ending_room(head);
}

/// False when the content type has control bytes.
[[nodiscard]] inline bool put_beginning(cursor& to, const response& head, bool has_body, std::string_view date_line) {
  to.put(status_line(head.status));
  to.put(date_line);
  if (!has_body || head.content_type.empty()) return true;
  to.put("Content-Type: ");
  const char* const type = to.at();
  to.put(head.content_type);
  // looked at where it stands now, behind the status line: sixteen bytes at once
  if (skip_value<before::sixteen_bytes>(type, to.at()) != to.at()) return false;
  to.put("\r\n");
  return true;
}
inline void put_length(cursor& to, std::uint64_t length) noexcept {
  to.put_decimal(length);
  to.put("\r\n");
}
inline void put_framing(cursor& to, reply_framing how, std::uint64_t length) noexcept {
  if (how == reply_framing::sized) {
    to.put("Content-Length: ");
    put_length(to, length);
  } else if (how == reply_framing::chunked) {
    to.put("Transfer-Encoding: chunked\r\n");
  }
}
inline void put_allow(cursor& to, method_set allow) noexcept {
  to.put("Allow: ");
  bool first = true;
  for (std::size_t i = 0; i < method_count; ++i) {
    if (!allow.contains(static_cast<method>(i))) continue;
    if (!first) to.put(", ");
    first = false;
    to.put(name_of(static_cast<method>(i)));
  }
  to.put("\r\n");
}
inline void put_ending(cursor& to, const response& head, reply_to asked) noexcept {
  if (!asked.keep_alive) {
    to.put("Connection: close\r\n");
  } else if (asked.minor_version == 0) {
    to.put("Connection: keep-alive\r\n");
  }
  if (!head.allow.empty()) put_allow(to, head.allow);
  for (const auto& [name, value] : head.headers.items()) to.put_line(name, value);
  to.put("\r\n");
}

/// respond(), but for a content type with control bytes: then false, and nothing is written.
[[nodiscard]] inline bool try_respond(buffer& out, const response& reply, std::string_view date_line) {
  const bool bodiless = is_bodiless(reply.status);
  const std::string_view body = reply.status == status::reset_content ? std::string_view() : reply.body;
  char* const start = reinterpret_cast<char*>(out.writable(head_room(reply, date_line) + body.size()).data());
  cursor to(start);
  if (!put_beginning(to, reply, !bodiless, date_line)) return false;
  if (!bodiless) put_framing(to, reply_framing::sized, body.size());
  put_ending(to, reply, reply.to);
  if (!bodiless && !reply.to.head_only) to.put(body);
  out.commit(static_cast<std::size_t>(to.at() - start));
  return true;
}

/// Answers 101: the connection goes on in `protocol`.
inline void write_upgrade(buffer& out, std::string_view protocol, const header_list& more) {
  out.append(status_line(status::switching_protocols));
  out.append_line("Upgrade", protocol);
  out.append_line("Connection", "Upgrade");
  for (const auto& [name, value] : more.items()) out.append_line(name, value);
  out.append("\r\n");
}

}  // namespace detail

/// Writes a response behind what `out` holds: many pipelined answers leave in one write.
///
/// Shape    `date_line` is date_cache::line(), or empty for no Date.
/// Cost     One check for room and a handful of copies.
/// Errors   A content_type with control bytes (of a careless handler) is answered 500 in its place.
/// Source   RFC 9110 sections 8.6 (Content-Length) and 15, RFC 9112 section 9.3 (keep-alive).
inline void respond(buffer& out, const response& reply, std::string_view date_line) {
  if (detail::try_respond(out, reply, date_line)) return;
  (void)detail::try_respond(out, error_response(status::internal_server_error, reply.to), date_line);
}

/// What is sent to a client that waits before it sends a body.
inline constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace tenon::http
