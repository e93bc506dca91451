// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/detail/descriptor.hpp>
#include <tenon/net/detail/io_wait.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

#include <sys/socket.h>

namespace tenon {

/// A listening socket of runtime R whose peers become Streams: what listeners have in common, and what takes over a
/// listening descriptor that came from elsewhere.
///
///     tenon::acceptor<edge::runtime, edge::tcp_stream> door(rt, tenon::unique_fd(3));   // of a socket unit
///
/// Threads       One task accepts at a time.
/// Errors        accept: what is not the listener's fault does not end it: a peer that has gone again is passed over,
///               and while the process has no descriptors or memory left it tries again, after 1 ms and then twice as
///               long up to 1 s.
/// Cancellation  accept gives operation_canceled after a stop request. A peer that has come is not lost: it waits for
///               the next accept.
template <class R, class Stream>
class acceptor {
 public:
  using stream = Stream;

  /// Takes a listening, non-blocking socket over.
  acceptor(R& runtime, unique_fd listening) : descriptor_(detail::descriptor<R>::make(runtime, std::move(listening))) {}

  [[nodiscard]] task<result<stream>> accept(time_point deadline = never) {
    using namespace std::chrono_literals;
    for (duration back_off = 1ms;; back_off = back_off < 500ms ? 2 * back_off : 1s) {
      const std::int64_t got = co_await detail::accept_wait<R>(*descriptor_, {io_kind::accept, nullptr, 0, deadline});
      if (got >= 0) co_return stream(descriptor_->runtime(), unique_fd(static_cast<int>(got)));
      switch (-got) {
        case ECONNABORTED:
        case EPROTO:
        case ENETDOWN:  // what had come to the peer's own socket before it was accepted: accept(2), "Error handling"
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EPERM:  // a firewall has forbidden this one; or it has no home, and is awaited outside of its runtime
          if (descriptor_->home() == nullptr) co_return error_of(EPERM);
          back_off = 500us;
          break;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: {
          const time_point now = descriptor_->runtime().now();
          if (deadline <= now) co_return std::make_error_code(std::errc::timed_out);
          const bool slept = co_await sleep_for(deadline - now < back_off ? deadline - now : back_off);
          if (!slept) co_return std::make_error_code(std::errc::operation_canceled);
          break;
        }
        default: co_return error_of(static_cast<int>(-got));
      }
    }
  }

  [[nodiscard]] int native_handle() const noexcept { return descriptor_->fd(); }
  [[nodiscard]] R& runtime() const noexcept { return descriptor_->runtime(); }

 private:
  typename detail::descriptor<R>::owner descriptor_;
};

}  // namespace tenon
