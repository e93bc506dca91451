// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/http/client_errc.hpp>
#include <tenon/net/resolve.hpp>
#include <tenon/net/tcp_stream.hpp>
#include <tenon/task/task.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

namespace tenon::http {

/// A server, as a client connects to it.
struct origin {
  std::string_view host;  ///< a name or a numeric address, without brackets
  std::uint16_t port = 80;
  bool secure = false;  ///< it speaks TLS
};

/// How a client gets its connections: `C::stream` is a byte stream with the members of tcp_stream, and
/// `connect(runtime, origin, deadline)` gives a task<result<stream>>. A connector of TLS does its handshake there.
template <class C, class R>
concept connector_for = requires(C& by, R& runtime, const origin& to, time_point deadline) {
  { by.connect(runtime, to, deadline) } -> std::same_as<task<result<typename C::stream>>>;
};

/// Plain TCP: the default of http::client.
///
/// Errors  no_tls for a secure origin; those of resolve, and of tcp_stream::connect.
template <class R>
struct tcp_connector {
  using stream = basic_tcp_stream<R>;

  [[nodiscard]] task<result<stream>> connect(R& runtime, const origin& to, time_point deadline) const {
    if (to.secure) return refuse();
    return stream::connect(runtime, to.host, to.port, deadline);
  }

 private:
  static task<result<stream>> refuse() { co_return make_error_code(client_errc::no_tls); }
};

}  // namespace tenon::http
