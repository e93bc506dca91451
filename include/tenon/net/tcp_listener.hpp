// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/acceptor.hpp>
#include <tenon/net/endpoint.hpp>
#include <tenon/net/tcp_stream.hpp>

#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace tenon {

/// A listening TCP socket of runtime R. Users write `edge::tcp_listener`. How it accepts: `acceptor`.
///
///     auto door = edge::tcp_listener::bind(rt, {"127.0.0.1", 8080}).value();
///     while (auto peer = co_await door.accept()) conns.spawn(echo, std::move(*peer));
///
/// Errors  bind: invalid_argument for a bad address, address_in_use, permission_denied, ...
template <class R>
class basic_tcp_listener : public acceptor<R, basic_tcp_stream<R>> {
 public:
  using acceptor<R, basic_tcp_stream<R>>::acceptor;

  /// Binds to `at` and listens; port 0 takes a free one, which local_endpoint() tells.
  [[nodiscard]] static result<basic_tcp_listener> bind(R& runtime, const endpoint& at) {
    const auto address = at.to_native();
    if (!address) return address.error();
    unique_fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return error_of(errno);
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), address->data(), address->size) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
      return error_of(errno);
    }
    return basic_tcp_listener(runtime, std::move(fd));
  }

  [[nodiscard]] endpoint local_endpoint() const {
    endpoint::native at;
    at.size = sizeof at.storage;
    if (::getsockname(this->native_handle(), at.data(), &at.size) != 0) return {};
    return endpoint::from_native(at);
  }
};

}  // namespace tenon
