// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/endpoint.hpp>
#include <tenon/net/stream_socket.hpp>
#include <tenon/net/unix_endpoint.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <sys/socket.h>

namespace tenon {

/// A connected Unix stream socket of runtime R. Users write `edge::unix_stream`. What it reads and writes by:
/// `stream_socket`.
///
///     auto peer = co_await edge::unix_stream::connect(rt, tenon::unix_endpoint("/run/edge.sock"), rt.now() + 1s);
///
/// Shape         One pointer. It carries bytes; descriptors are not passed.
/// Errors        connect: no_such_file_or_directory; connection_refused when nobody listens there any more;
///               permission_denied; filename_too_long.
/// Cancellation  connect waits while the listener's queue is full, and ends with timed_out or operation_canceled.
///               (Where the backend is not io_uring the kernel does not say when there is room: it looks again after
///               1 ms and then twice as long up to 64 ms.)
template <class R>
class basic_unix_stream : public stream_socket<R> {
 public:
  using stream_socket<R>::stream_socket;

  [[nodiscard]] static task<result<basic_unix_stream>> connect(R& runtime, unix_endpoint to,
                                                               time_point deadline = never) {
    using namespace std::chrono_literals;
    auto address = to.to_native();
    if (!address) co_return address.error();
    unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) co_return error_of(errno);
    basic_unix_stream stream(runtime, std::move(fd));
    for (duration back_off = 1ms;; back_off = back_off < 64ms ? 2 * back_off : back_off) {
      const auto connected = co_await stream.connecting(address->data(), address->size, deadline);
      if (connected) co_return std::move(stream);
      if (connected.error() != std::errc::resource_unavailable_try_again) co_return connected.error();
      const time_point now = runtime.now();
      if (deadline <= now) co_return std::make_error_code(std::errc::timed_out);
      const bool slept = co_await sleep_for(deadline - now < back_off ? deadline - now : back_off);
      if (!slept) co_return std::make_error_code(std::errc::operation_canceled);
    }
  }

  /// Where the peer listens; the empty endpoint when it has no name.
  [[nodiscard]] unix_endpoint remote_endpoint() const {
    endpoint::native from;
    from.size = sizeof from.storage;
    if (::getpeername(this->native_handle(), from.data(), &from.size) != 0) return {};
    return unix_endpoint::from_native(from);
  }
};

}  // namespace tenon
