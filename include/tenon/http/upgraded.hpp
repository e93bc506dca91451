// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/net/byte_stream.hpp>

#include <utility>

namespace tenon::http {

/// What a connection becomes when its protocol changes: what exchange::upgrade() gives.
///
///     auto taken = co_await x.upgrade("websocket", headers);
///     websocket<edge::tcp_stream> socket(std::move(taken->stream), std::move(taken->in));
///
/// Shape    The stream, and what had been read already of the new protocol.
template <byte_stream Stream>
struct upgraded {
  upgraded(Stream taken, buffer ahead) noexcept : stream(std::move(taken)), in(std::move(ahead)) {}

  Stream stream;
  buffer in;
};

}  // namespace tenon::http
