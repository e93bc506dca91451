// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/on_stop.hpp>
#include <tenon/core/result.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

namespace tenon {

/// A connected stream of bytes, whatever carries it: TCP, a Unix socket, either of them under TLS.
///
///     template <tenon::byte_stream Stream>
///     tenon::task<void> echo(Stream peer);
///
/// Shape    What is awaited (read_some, write_all, readable) gives result<size_t>, result<size_t> and result<void>; the
///          meaning of each member is that of `stream_socket`. A moved-from stream is only destroyed or assigned to.
template <class S>
concept byte_stream =
    std::is_nothrow_move_constructible_v<S> &&
    requires(S& stream, std::span<std::byte> into, std::span<const std::byte> from, time_point until) {
      stream.read_some(into, until);
      stream.write_all(from, until, on_stop::finish);
      stream.readable(until);
      { stream.try_read_some(into) } -> std::same_as<result<std::size_t>>;
      { stream.try_write_some(from) } -> std::same_as<result<std::size_t>>;
      { stream.shutdown_send() } -> std::same_as<result<void>>;
      { stream.runtime().now() } -> std::same_as<time_point>;
    };

}  // namespace tenon
