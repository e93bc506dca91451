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
  readable,         ///< waits until a read would not block, and takes nothing; outcome 0
  arrival,          ///< waits until a read of this source would not block, and may have taken bytes in; outcome 0
  writable,         ///< waits until a write would not block; outcome 0
  read,             ///< reads up to `size` bytes into `data`; outcome: bytes, 0 at the end of the stream
  write,            ///< writes up to `size` bytes from `data`; outcome: bytes. Never raises SIGPIPE on a socket
  accept,           ///< accepts a connection, non-blocking and close-on-exec; outcome: its descriptor
  connect,          ///< connects to the sockaddr of `size` bytes at `data`; outcome 0
  send_message,     ///< sends the msghdr at `data`, of `size` bytes in all; outcome: bytes. Never raises SIGPIPE
  receive_message,  ///< receives into the msghdr at `data`, which has room for `size`; outcome: bytes
  read_at,          ///< reads up to `size` bytes of a file into the file_part at `data`; outcome: bytes, 0 at the end
  write_at,         ///< writes up to `size` bytes from the file_part at `data`; outcome: bytes
  sync,             ///< outcome 0 when what was written to the file, and what describes it, is on the device
  sync_data,        ///< the same for what it takes to read it again
};

/// What read_at and write_at move: `io_operation::size` bytes at `bytes`, which stand in the file from `offset` on.
struct file_part {
  void* bytes = nullptr;
  std::int64_t offset = 0;
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
  return kind == io_kind::readable || kind == io_kind::arrival || kind == io_kind::read || kind == io_kind::accept ||
         kind == io_kind::receive_message;
}

/// Waits for readiness alone.
[[nodiscard]] constexpr bool is_poll(io_kind kind) noexcept {
  return kind == io_kind::readable || kind == io_kind::arrival || kind == io_kind::writable;
}

/// Works on a file, which is never waited for: any number at a time, and `source` is a plain io_source that no loop has
/// been told of. A proactor hands it over. Others make the call at once, where it stands, and it may block.
[[nodiscard]] constexpr bool is_of_file(io_kind kind) noexcept { return kind >= io_kind::read_at; }

/// Ends in a count of bytes or a descriptor.
[[nodiscard]] constexpr bool is_transfer(io_kind kind) noexcept {
  return kind == io_kind::read || kind == io_kind::write || kind == io_kind::accept || kind == io_kind::send_message ||
         kind == io_kind::receive_message;
}

}  // namespace tenon
