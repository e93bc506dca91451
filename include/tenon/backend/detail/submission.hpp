// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/kernel_rings.hpp>
#include <tenon/backend/detail/letter.hpp>
#include <tenon/core/io_operation.hpp>

#include <cstddef>
#include <cstdint>

#include <poll.h>
#include <sys/socket.h>

namespace tenon::detail {

/// What is written of an operation into a submission.
namespace submission {

inline constexpr auto own_position = static_cast<std::uint64_t>(-1);  // of a file that has one

/// read, recv and the like give no more than this at a time anyway (MAX_RW_COUNT).
[[nodiscard]] inline unsigned size_of(const io_operation& op) noexcept {
  return static_cast<unsigned>(op.size < 0x7ffff000 ? op.size : 0x7ffff000);
}

/// An operation of a file, at an offset of its own.
inline void of_file(::io_uring_sqe& sqe, const io_operation& op, int fd) noexcept {
  if (op.kind == io_kind::read_at || op.kind == io_kind::write_at) {
    const auto& part = *static_cast<const file_part*>(op.data);
    const auto offset = static_cast<std::uint64_t>(part.offset);
    if (op.kind == io_kind::read_at) {
      ::io_uring_prep_read(&sqe, fd, part.bytes, size_of(op), offset);
    } else {
      ::io_uring_prep_write(&sqe, fd, part.bytes, size_of(op), offset);
    }
  } else {
    ::io_uring_prep_fsync(&sqe, fd, op.kind == io_kind::sync_data ? IORING_FSYNC_DATASYNC : 0);
  }
}

/// Any other. `waits_first`: it begins with the wait, because a try would most likely be in vain.
inline void of_source(::io_uring_sqe& sqe, const io_operation& op, int fd, bool is_socket, bool waits_first) noexcept {
  const unsigned size = size_of(op);
  switch (op.kind) {
    case io_kind::readable:
    case io_kind::arrival: ::io_uring_prep_poll_add(&sqe, fd, POLLIN); break;
    case io_kind::writable: ::io_uring_prep_poll_add(&sqe, fd, POLLOUT); break;
    case io_kind::read:
      if (is_socket) {
        ::io_uring_prep_recv(&sqe, fd, op.data, size, 0);
        if (waits_first) sqe.ioprio |= IORING_RECVSEND_POLL_FIRST;
      } else {
        ::io_uring_prep_read(&sqe, fd, op.data, size, own_position);
      }
      break;
    case io_kind::write:
      if (is_socket) {
        ::io_uring_prep_send(&sqe, fd, op.data, size, MSG_NOSIGNAL);
      } else {
        ::io_uring_prep_write(&sqe, fd, op.data, size, own_position);
      }
      break;
    case io_kind::accept: ::io_uring_prep_accept(&sqe, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); break;
    case io_kind::connect: ::io_uring_prep_connect(&sqe, fd, static_cast<const sockaddr*>(op.data), size); break;
    case io_kind::send_message:
      ::io_uring_prep_sendmsg(&sqe, fd, static_cast<const msghdr*>(op.data), MSG_NOSIGNAL);
      break;
    default: ::io_uring_prep_recvmsg(&sqe, fd, static_cast<msghdr*>(op.data), 0); break;
  }
}

/// Accepts whoever comes, until it is cancelled or fails.
inline void of_door(::io_uring_sqe& sqe, int fd) noexcept {
  ::io_uring_prep_multishot_accept(&sqe, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// Receives into the buffers of `group` until it is cancelled, or fails, or the stream ends.
inline void of_stream(::io_uring_sqe& sqe, int fd, unsigned short group) noexcept {
  ::io_uring_prep_recv_multishot(&sqe, fd, nullptr, 0, 0);
  sqe.flags |= IOSQE_BUFFER_SELECT;
  sqe.buf_group = group;
}

/// All of a letter, or what is left of it.
inline void of_letter(::io_uring_sqe& sqe, const letter& what, int fd) noexcept {
  ::io_uring_prep_send(&sqe, fd, what.bytes + what.begin, what.end - what.begin, MSG_NOSIGNAL | MSG_WAITALL);
}

/// Sends from where the bytes lie.
inline void of_bulk(::io_uring_sqe& sqe, const io_operation& op, int fd) noexcept {
  ::io_uring_prep_send_zc(&sqe, fd, op.data, size_of(op), MSG_NOSIGNAL, 0);
}

}  // namespace submission

}  // namespace tenon::detail
