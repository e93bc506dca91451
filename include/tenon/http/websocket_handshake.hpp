// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/base64.hpp>
#include <tenon/http/detail/sha1.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/response_parser.hpp>
#include <tenon/http/status.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include <sys/random.h>

namespace tenon::http {

namespace detail {

/// Whether a list of tokens, over all headers of that name, has this one.
[[nodiscard]] inline bool lists(const headers& in, std::string_view name, std::string_view token) noexcept {
  for (const header each : in) {
    if (!same_ignoring_case(each.name, name)) continue;
    for (std::string_view list = each.value; !list.empty();) {
      if (same_ignoring_case(next_element(list), token)) return true;
    }
  }
  return false;
}
/// The value of a header that stands there once; nothing when it does not, or more often.
[[nodiscard]] inline std::optional<std::string_view> only(const headers& in, std::string_view name) noexcept {
  std::optional<std::string_view> found;
  for (const header each : in) {
    if (!same_ignoring_case(each.name, name)) continue;
    if (found) return std::nullopt;
    found = each.value;
  }
  return found;
}

using accept_key = std::array<char, 28>;

/// What a server answers to a key.
[[nodiscard]] inline accept_key accept_key_of(std::string_view key) noexcept {
  constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  char both[24 + guid.size()];
  std::memcpy(both, key.data(), 24);
  std::memcpy(both + 24, guid.data(), guid.size());
  return base64(sha1({both, sizeof both}));
}

}  // namespace detail

/// The default of accept_websocket: any page may open it. A server that knows its users by a cookie says no to pages
/// that are not its own.
struct any_origin {
  [[nodiscard]] constexpr bool operator()(std::string_view /*origin*/) const noexcept { return true; }
};

/// What became of a request for a WebSocket.
struct websocket_verdict {
  http::status status;  ///< switching_protocols, or why not
  /// The subprotocol that was chosen, one of those that the server gave; empty when it is none.
  std::string_view protocol{};

  [[nodiscard]] explicit operator bool() const noexcept { return status == status::switching_protocols; }
};

/// Looks at a request, and writes what answers it behind what `out` holds: 101, or a refusal that ends the connection.
///
///     const auto seen = tenon::http::accept_websocket(request, out, protocols, is_our_page);
///     // write out; if (seen) tenon::http::websocket ws(std::move(stream), websocket_role::server, std::move(ahead));
///
/// Shape    `protocols`: the subprotocols that the server speaks, the best first; of those that the client names the
///          first is taken. `allows(origin)`: of a request that has an Origin, as browsers send it.
/// Errors   400 a request that is no handshake; 403 an Origin that is not allowed; 426 another version than 13.
/// Source   RFC 6455 sections 4.2 and 4.4. Extensions that are asked for are not taken.
template <class Allows = any_origin>
[[nodiscard]] websocket_verdict accept_websocket(const request& asked, buffer& out,
                                                 std::span<const std::string_view> protocols = {},
                                                 Allows allows = {}) {
  const auto refuse = [&out](status why) {
    response no = error_response(why);
    if (why == status::upgrade_required) {
      (void)no.headers.add("Upgrade", "websocket");
      (void)no.headers.add("Sec-WebSocket-Version", "13");
    }
    respond(out, no, {});
    return websocket_verdict{why};
  };
  const headers& in = asked.headers;
  if (asked.method != method::get || asked.minor_version == 0 || !detail::lists(in, "upgrade", "websocket") ||
      !detail::lists(in, "connection", "upgrade") || !asked.body.empty()) {
    return refuse(status::bad_request);
  }
  const auto version = detail::only(in, "sec-websocket-version");
  if (!version || *version != "13") return refuse(version ? status::upgrade_required : status::bad_request);
  const auto key = detail::only(in, "sec-websocket-key");
  if (!key || !detail::is_base64_of_16(*key)) return refuse(status::bad_request);
  if (in.contains("origin")) {
    const auto origin = detail::only(in, "origin");
    if (!origin || !allows(*origin)) return refuse(status::forbidden);
  }
  websocket_verdict yes{status::switching_protocols};
  for (const std::string_view one : protocols) {
    bool named = false;
    for (const header each : in) {
      if (!detail::same_ignoring_case(each.name, "sec-websocket-protocol")) continue;
      for (std::string_view list = each.value; !list.empty();) named = named || detail::next_element(list) == one;
    }
    if (!named) continue;
    yes.protocol = one;
    break;
  }
  const detail::accept_key answer = detail::accept_key_of(*key);
  out.append(status_line(status::switching_protocols));
  out.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
  out.append({answer.data(), answer.size()});
  if (!yes.protocol.empty()) {
    out.append("\r\nSec-WebSocket-Protocol: ");
    out.append(yes.protocol);
  }
  out.append("\r\n\r\n");
  return yes;
}

/// The client's half: a key that nobody can guess, and whether an answer is one to it.
///
/// Source   RFC 6455 section 4.1.
class websocket_key {
 public:
  websocket_key() noexcept {
    std::array<std::uint8_t, 16> random{};
    (void)::getrandom(random.data(), random.size(), 0);  // 16 bytes are given whole
    text_ = detail::base64(random);
  }
  /// A key that is known: for tests.
  explicit websocket_key(const std::array<std::uint8_t, 16>& bytes) noexcept : text_(detail::base64(bytes)) {}

  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

  /// Whether `answer` opens the WebSocket: 101, what it has to say, no extension, and at most one of the protocols that
  /// were asked for.
  [[nodiscard]] bool is_answered_by(const response_head& answer, std::span<const std::string_view> protocols = {}) const {
    const headers& in = answer.headers;
    const auto accepted = detail::only(in, "sec-websocket-accept");
    const detail::accept_key wanted = detail::accept_key_of(text());
    if (answer.status != status::switching_protocols || !detail::lists(in, "upgrade", "websocket") ||
        !detail::lists(in, "connection", "upgrade") || !accepted ||
        *accepted != std::string_view(wanted.data(), wanted.size()) || in.contains("sec-websocket-extensions")) {
      return false;
    }
    if (!in.contains("sec-websocket-protocol")) return true;
    const auto chosen = detail::only(in, "sec-websocket-protocol");
    for (const std::string_view one : protocols) {
      if (chosen && *chosen == one) return true;
    }
    return false;
  }

 private:
  std::array<char, 24> text_{};
};

}  // namespace tenon::http
