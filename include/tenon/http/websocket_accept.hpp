// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/client_errc.hpp>
#include <tenon/http/frame_head.hpp>
#include <tenon/http/websocket.hpp>
#include <tenon/http/websocket_handshake.hpp>
#include <tenon/http/websocket_settings.hpp>
#include <tenon/task/task.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace tenon::http {

/// Makes a WebSocket of a request, in the handler of an http::exchange; what is no good handshake is answered.
///
///     tenon::task<void> chat(exchange& x) {
///       auto ws = co_await tenon::http::websocket_accept(x);
///       if (!ws) co_return;                                       // 400, 403 or 426 was sent
///       ...
///     }
///
/// Shape    Exchange is an http::exchange<Stream>. `protocols` and `allows` as of accept_websocket.
/// Errors   not_upgraded: it was refused; otherwise those of the exchange.
template <class Exchange, class Allows = any_origin>
[[nodiscard]] task<result<websocket<typename Exchange::stream>>> websocket_accept(
    Exchange& with, std::span<const std::string_view> protocols = {}, websocket_settings how = {}, Allows allows = {}) {
  const websocket_verdict seen = accept_websocket(with.request(), protocols, std::move(allows));
  if (!seen) {
    const auto sent = co_await with.reply(seen.refusal(with.request()));
    if (!sent) co_return sent.error();
    co_return make_error_code(client_errc::not_upgraded);
  }
  auto taken = co_await with.upgrade("websocket", seen.headers());
  if (!taken) co_return taken.error();
  co_return websocket<typename Exchange::stream>(std::move(taken->stream), websocket_role::server, std::move(taken->in),
                                                 how, seen.protocol);
}

}  // namespace tenon::http
