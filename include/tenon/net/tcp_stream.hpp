// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/endpoint.hpp>
#include <tenon/net/stream_socket.hpp>
#include <tenon/task/task.hpp>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace tenon {

namespace detail {

/// Defined by net/resolve.hpp.
template <class R>
struct connect_by_name;

}  // namespace detail

/// A connected TCP socket of runtime R. Users write `edge::tcp_stream`. What it reads and writes by: `stream_socket`.
///
///     auto n = co_await peer.read_some(room, rt.now() + 5s);
///     if (!n || *n == 0) co_return;
///
/// Shape  One pointer. TCP_NODELAY is set: what is written is sent.
template <class R>
class basic_tcp_stream : public stream_socket<R> {
 public:
  basic_tcp_stream(R& runtime, unique_fd connected) : stream_socket<R>(runtime, std::move(connected)) {
    const int on = 1;
    ::setsockopt(this->native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  /// Connects to `to`.
  [[nodiscard]] static task<result<basic_tcp_stream>> connect(R& runtime, endpoint to, time_point deadline = never) {
    auto address = to.to_native();
    if (!address) co_return address.error();
    unique_fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) co_return error_of(errno);
    basic_tcp_stream stream(runtime, std::move(fd));
    const auto connected = co_await stream.connecting(address->data(), address->size, deadline);
    if (!connected) co_return connected.error();
    co_return std::move(stream);
  }

  /// Looks `host` up and connects to the first of its addresses that answers: see net/resolve.hpp, which has to be
  /// included.
  template <class ByName = detail::connect_by_name<R>>
  [[nodiscard]] static task<result<basic_tcp_stream>> connect(R& runtime, std::string_view host, std::uint16_t port,
                                                              time_point deadline = never) {
    static_assert(
        requires { sizeof(ByName); },
        "tenon::tcp_stream::connect: to look a name up takes <tenon/net/resolve.hpp>; include it, or "
        "connect to an endpoint");
    return ByName::connect(runtime, host, port, deadline);
  }

  [[nodiscard]] endpoint remote_endpoint() const {
    endpoint::native from;
    from.size = sizeof from.storage;
    if (::getpeername(this->native_handle(), from.data(), &from.size) != 0) return {};
    return endpoint::from_native(from);
  }
};

}  // namespace tenon
