// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/tls_context.hpp>
#include <tenon/net/tls_stream.hpp>
#include <tenon/task/task.hpp>

#include <system_error>
#include <utility>

namespace tenon {

/// A listener whose peers speak TLS: stands wherever a listener does, before an HTTP server for one.
///
///     tenon::tls_listener door(edge::tcp_listener::bind(rt, {"0.0.0.0", 443}).value(), ours);
///     while (auto peer = co_await door.accept()) conns.spawn(echo, std::move(*peer));
///
/// Shape         The listener, and a context. Its streams are tls_stream<Listener::stream>.
/// Cost          Nobody waits here for a client to shake hands: that is done by the first read of the stream, or wait
///               for bytes, within its deadline. A server that speaks first awaits peer.handshake() before.
/// Threads       One task accepts at a time.
/// Errors        accept: the listener's. What is wrong with a handshake is the error of the first read.
/// Cancellation  The listener's.
template <class Listener>
class tls_listener {
 public:
  using stream = tls_stream<typename Listener::stream>;

  tls_listener(Listener door, tls_context context) : door_(std::move(door)), context_(std::move(context)) {}

  [[nodiscard]] task<result<stream>> accept(time_point deadline = never) {
    for (;;) {
      auto peer = co_await door_.accept(deadline);
      if (!peer) co_return peer.error();
      auto begun = stream::begin(std::move(*peer), context_);
      if (begun || begun.error() == std::errc::invalid_argument) co_return begun;  // else no memory for this one
    }
  }

  /// The listener below.
  [[nodiscard]] const Listener& carrier() const noexcept { return door_; }
  [[nodiscard]] auto& runtime() const noexcept { return door_.runtime(); }
  [[nodiscard]] int native_handle() const noexcept { return door_.native_handle(); }

 private:
  Listener door_;
  tls_context context_;
};

}  // namespace tenon
