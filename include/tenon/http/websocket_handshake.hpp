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

/// Whether `wanted(element)` of some element of a list that may be spread over several headers of that name.
template <class Wanted>
[[nodiscard]] bool any_listed(const headers& in, std::string_view name, Wanted wanted) noexcept {
  for (const header each : in) {
    if (!same_ignoring_case(each.name, name)) continue;
    for (std::string_view list = each.value; !list.empty();) {
      if (wanted(next_element(list))) return true;
    }
  }
  return false;
}
[[nodiscard]] inline bool lists(const headers& in, std::string_view name, std::string_view token) noexcept {
  return any_listed(in, name, [token](std::string_view each) { return same_ignoring_case(each, token); });
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

/// What became of a request for a WebSocket, and how it is answered.
struct websocket_verdict {
  http::status status;  ///< switching_protocols, or why not
  /// The subprotocol that was chosen, one of those that the server gave; empty when it is none.
  std::string_view protocol{};
  detail::accept_key accept{};

  [[nodiscard]] explicit operator bool() const noexcept { return status == status::switching_protocols; }

  /// What a 101 says beside Connection and Upgrade; views of this verdict.
  [[nodiscard]] header_list headers() const noexcept {
    header_list out;
    (void)out.add("Sec-WebSocket-Accept", {accept.data(), accept.size()});
    if (!protocol.empty()) (void)out.add("Sec-WebSocket-Protocol", protocol);
    return out;
  }
  /// The answer of one that is none; to no request, it closes.
  [[nodiscard]] response refusal(reply_to to = {}) const noexcept {
    response no = error_response(status, to);
    if (status == status::upgrade_required) {
      (void)no.headers.add("Upgrade", "websocket");
      (void)no.headers.add("Sec-WebSocket-Version", "13");
    }
    return no;
  }
  /// Writes the one or the other behind what `out` holds.
  void write(buffer& out) const {
    if (!*this) return respond(out, refusal(), {});
    detail::write_upgrade(out, "websocket", headers());
  }
};

/// Looks at a request for a WebSocket. With an http::exchange, websocket_accept does all of it.
///
///     const auto seen = tenon::http::accept_websocket(request, protocols, is_our_page);
///     seen.write(out);                  // and send it; then, if (seen):
///     tenon::http::websocket ws(std::move(stream), tenon::http::websocket_role::server, std::move(read_ahead));
///
/// Shape    `protocols`: the subprotocols that the server speaks, the best first; of those that the client names the
///          first is taken. `allows(origin)`: of a request that has an Origin, as browsers send it.
/// Errors   400 a request that is no handshake; 403 an Origin that is not allowed; 426 another version than 13.
/// Source   RFC 6455 sections 4.2 and 4.4. Extensions that are asked for are not taken.
template <class Allows = any_origin>
[[nodiscard]] websocket_verdict accept_websocket(const request& asked, std::span<const std::string_view> protocols = {},
                                                 Allows allows = {}) {
  const headers& in = asked.headers;
  if (asked.method != method::get || asked.minor_version == 0 || !detail::lists(in, "upgrade", "websocket") ||
      !detail::lists(in, "connection", "upgrade")) {
    return {status::bad_request};
  }
  const auto version = detail::only(in, "sec-websocket-version");
  if (!version) return {status::bad_request};
  if (*version != "13") return {status::upgrade_required};
  const auto key = detail::only(in, "sec-websocket-key");
  if (!key || !detail::is_base64_of_16(*key)) return {status::bad_request};
  if (in.contains("origin")) {
    const auto origin = detail::only(in, "origin");
    if (!origin || !allows(*origin)) return {status::forbidden};
  }
  websocket_verdict yes{status::switching_protocols};
  yes.accept = detail::accept_key_of(*key);
  for (const std::string_view one : protocols) {
    const auto is_it = [one](std::string_view each) { return each == one; };
    if (!detail::any_listed(in, "sec-websocket-protocol", is_it)) continue;
    yes.protocol = one;
    break;
  }
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
  [[nodiscard]] bool is_answered_by(const response_head& answer,
                                    std::span<const std::string_view> protocols = {}) const {
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
