// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/client.hpp>
#include <tenon/http/client_errc.hpp>
#include <tenon/http/client_request.hpp>
#include <tenon/http/frame_head.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/websocket.hpp>
#include <tenon/http/websocket_handshake.hpp>
#include <tenon/http/websocket_settings.hpp>
#include <tenon/task/task.hpp>

#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace tenon::http {

/// Opens a WebSocket: a GET through a client, over the client's connector, in its times.
///
///     auto ws = co_await tenon::http::websocket_connect(web, "ws://127.0.0.1:8080/chat");
///     if (!ws) co_return;
///     auto sent = co_await ws->write("hello");
///
/// Shape    `protocols`: subprotocols, the best first; ws->protocol() is the one that the server chose. `more`: headers
///          that are sent along (Origin, Authorization). All views live until the result is there.
/// Errors   not_upgraded: any answer but a good 101; otherwise those of client::fetch.
/// Source   RFC 6455 section 4.1.
template <class R, class Connector>
[[nodiscard]] task<result<websocket<typename Connector::stream>>> websocket_connect(
    client<R, Connector>& by, std::string_view url, std::span<const std::string_view> protocols = {},
    std::span<const header> more = {}, websocket_settings how = {}) {
  const websocket_key key;
  std::string named;
  for (const std::string_view one : protocols) named.append(named.empty() ? "" : ", ").append(one);
  std::vector<header> all(more.begin(), more.end());
  all.push_back({"Sec-WebSocket-Key", key.text()});
  all.push_back({"Sec-WebSocket-Version", "13"});
  if (!named.empty()) all.push_back({"Sec-WebSocket-Protocol", named});
  client_request asked;
  asked.url = url;
  asked.headers = all;
  asked.upgrade = "websocket";
  auto answer = co_await by.fetch(asked);
  if (!answer) co_return answer.error();
  if (!key.is_answered_by(answer->head(), protocols)) co_return make_error_code(client_errc::not_upgraded);
  const std::string chosen(answer->headers().find("sec-websocket-protocol").value_or(""));
  buffer ahead = answer->take_ahead();
  co_return websocket<typename Connector::stream>(answer->take_stream(), websocket_role::client, std::move(ahead), how,
                                                  chosen);
}

}  // namespace tenon::http
