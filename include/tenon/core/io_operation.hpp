// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>

#include <cstddef>
#include <cstdint>

namespace tenon {

/// What a backend remembers of one descriptor. Each backend's `source` derives from it.
struct io_source {
  int fd = -1;
};

/// What an operation does.
enum class io_kind : std::uint8_t {
  readable,  ///< waits until a read would not block; outcome 0
  writable,  ///< waits until a write would not block; outcome 0
  read,      ///< reads up to `size` bytes into `data`; outcome: bytes, 0 at the end of the stream
  write,     ///< writes up to `size` bytes from `data`; outcome: bytes. Never raises SIGPIPE on a socket
  accept,    ///< accepts a connection, non-blocking and close-on-exec; outcome: its descriptor
  connect,   ///< connects to the sockaddr of `size` bytes at `data`; outcome 0
};

/// One I/O operation in flight: an intrusive work item that a backend completes.
///
/// The one who starts it fills in `source`, `kind`, `data`, `size` and `run`. The backend fills in `outcome` and then
/// calls run(operation), once, from inside its wait() and on its own thread. Until then the backend owns the item and
/// the bytes at `data`.
struct io_operation : work {
  io_kind kind = io_kind::readable;
  io_source* source = nullptr;
  void* data = nullptr;
  std::size_t size = 0;
  std::int64_t outcome = 0;  ///< >= 0 as the kind says; below zero, -errno
};

/// Waits for something a descriptor becomes (or takes bytes in): the side of a full-duplex descriptor it uses.
[[nodiscard]] constexpr bool is_inbound(io_kind kind) noexcept {
  return kind == io_kind::readable || kind == io_kind::read || kind == io_kind::accept;
}

}  // namespace tenon
