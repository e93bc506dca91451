// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/detail/descriptor.hpp>
#include <tenon/net/detail/io_wait.hpp>
#include <tenon/net/endpoint.hpp>
#include <tenon/net/tcp_stream.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include <sys/socket.h>

namespace tenon {

/// A listening TCP socket of runtime R. Users write `edge::tcp_listener`.
///
///     auto door = edge::tcp_listener::bind(rt, {"127.0.0.1", 8080}).value();
///     while (auto peer = co_await door.accept()) conns.spawn(echo, std::move(*peer));
///
/// Threads       One task accepts at a time.
/// Errors        bind: invalid_argument for a bad address, address_in_use, permission_denied, ... accept: what is not
///               the listener's fault does not end it: a peer that has gone again is passed over, and while the process
///               has no descriptors or memory left it tries again, after 1 ms and then twice as long up to 1 s.
///               timed_out when the deadline passes.
/// Cancellation  accept gives operation_canceled after a stop request.
template <class R>
class basic_tcp_listener {
 public:
  using stream = basic_tcp_stream<R>;

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

  [[nodiscard]] task<result<stream>> accept(time_point deadline = never) {
    using namespace std::chrono_literals;
    for (duration back_off = 1ms;; back_off = back_off < 500ms ? 2 * back_off : 1s) {
      const std::int64_t got = co_await detail::accept_wait<R>(*descriptor_, {io_kind::accept, nullptr, 0, deadline});
      if (got >= 0) co_return stream(descriptor_->runtime(), unique_fd(static_cast<int>(got)));
      switch (-got) {
        case ECONNABORTED:
        case EPROTO:
        case EPERM:  // a firewall has forbidden this one
          back_off = 500us;
          break;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: {
          const time_point now = descriptor_->runtime().now();
          if (now >= deadline) co_return std::make_error_code(std::errc::timed_out);
          const bool slept = co_await sleep_for(back_off < deadline - now ? back_off : deadline - now);
          if (!slept) co_return std::make_error_code(std::errc::operation_canceled);
          break;
        }
        default: co_return error_of(static_cast<int>(-got));
      }
    }
  }

  [[nodiscard]] endpoint local_endpoint() const {
    endpoint::native at;
    at.size = sizeof at.storage;
    if (::getsockname(native_handle(), at.data(), &at.size) != 0) return {};
    return endpoint::from_native(at);
  }
  [[nodiscard]] int native_handle() const noexcept { return descriptor_->fd(); }
  [[nodiscard]] R& runtime() const noexcept { return descriptor_->runtime(); }

 private:
  basic_tcp_listener(R& runtime, unique_fd listening)
      : descriptor_(detail::descriptor<R>::make(runtime, std::move(listening))) {}

  typename detail::descriptor<R>::owner descriptor_;
};

}  // namespace tenon
