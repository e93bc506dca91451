// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/url.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace tenon::http {

/// What a client asks: plain data, all of it views.
///
///     const tenon::http::header more[] = {{"Accept", "application/json"}};
///     tenon::http::client_request ask{.method = tenon::http::method::put, .url = at, .headers = more, .body = text};
///     auto answer = co_await web.fetch(ask);
///
/// Shape    What the views point at lives until fetch() has given its result.
struct client_request {
  static constexpr std::uint64_t unknown = UINT64_MAX;

  http::method method = http::method::get;
  /// Absolute: see http::url.
  std::string_view url{};
  /// Not among them: Host, Content-Length, Transfer-Encoding, Connection, Upgrade, which are written here.
  std::span<const header> headers{};
  /// None when empty.
  std::string_view content_type{};
  std::string_view body{};
  /// Of a streamed body: how long it is. Unknown: it is sent in chunks.
  std::uint64_t source_bytes = unknown;
  /// The protocol to go over to, "websocket": the answer may be 101. The connection is a new one.
  std::string_view upgrade{};
};

static_assert(std::is_trivially_copyable_v<client_request>);

/// Whether a request may be sent again when nobody knows what became of it.
///
/// Source   RFC 9110 section 9.2.2.
[[nodiscard]] constexpr bool is_idempotent(method which) noexcept {
  return which != method::post && which != method::patch && which != method::connect;
}

namespace detail {

/// Whether a name is one of those that say how a message ends or where it goes.
[[nodiscard]] inline bool is_of_connection(std::string_view name) noexcept {
  constexpr std::string_view ours[] = {"host", "content-length", "transfer-encoding", "connection", "upgrade"};
  for (const std::string_view one : ours) {
    if (same_ignoring_case(name, one)) return true;
  }
  return false;
}
/// Whether a header is for the server that was asked, and for no other that it redirects to.
[[nodiscard]] inline bool is_confidential(std::string_view name) noexcept {
  constexpr std::string_view secrets[] = {"authorization", "cookie", "proxy-authorization"};
  for (const std::string_view one : secrets) {
    if (same_ignoring_case(name, one)) return true;
  }
  return false;
}

}  // namespace detail

/// Writes the head of `asked`, to the server and target of `to`, behind what `out` holds. `streamed`: its body comes
/// from a source. `elsewhere`: a redirect has led to another server, which gets no credentials.
///
/// Errors   invalid_argument: a method CONNECT; a header with a bad name or value, or one that is written here.
/// Source   RFC 9112 sections 3 and 6.
[[nodiscard]] inline result<void> write_request(buffer& out, const client_request& asked, const url& to,
                                                bool streamed = false, bool elsewhere = false) {
  if (asked.method == method::connect || !header_list::is_value(asked.content_type) ||
      !header_list::is_value(asked.upgrade)) {
    return std::errc::invalid_argument;
  }
  for (const auto& [name, value] : asked.headers) {
    const char* const end = name.data() + name.size();
    const bool is_name = !name.empty() && detail::skip_token(name.data(), end) == end;
    if (!is_name || detail::is_of_connection(name) || !header_list::is_value(value)) return std::errc::invalid_argument;
  }
  out.append(name_of(asked.method));
  out.append(' ');
  if (to.target.empty() || to.target.front() != '/') out.append('/');
  out.append(to.target);
  out.append(" HTTP/1.1\r\nHost: ");
  out.append(to.authority);
  out.append("\r\n");
  for (const auto& [name, value] : asked.headers) {
    if (!elsewhere || !detail::is_confidential(name)) out.append_line(name, value);
  }
  if (!asked.content_type.empty()) out.append_line("Content-Type", asked.content_type);
  if (!asked.upgrade.empty()) {
    out.append_line("Connection", "Upgrade");
    out.append_line("Upgrade", asked.upgrade);
  }
  const std::uint64_t length = streamed ? asked.source_bytes : asked.body.size();
  const bool expects_body =
      asked.method == method::post || asked.method == method::put || asked.method == method::patch;
  if (streamed && length == client_request::unknown) {
    out.append_line("Transfer-Encoding", "chunked");
  } else if (length != 0 || expects_body) {
    out.append("Content-Length: ");
    out.append_decimal(length);
    out.append("\r\n");
  }
  out.append("\r\n");
  return {};
}

}  // namespace tenon::http
