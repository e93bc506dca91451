// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/io_operation.hpp>
#include <tenon/core/work.hpp>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/// What the backends that wait for readiness share (poll, epoll, libuv, and io_uring's fallback): the source, the
/// system calls, and the rule by which no edge is lost.
///
/// The hint `ready` of a side means: the kernel has said, or the last system call has shown, that a call may not block.
/// Only the loop's thread writes true into it for an event (deliver). The one who holds the side's operation (there is
/// at most one; the scheduler orders those who hold it in turn) clears it before its system call C, and sets it again
/// when C does not show the side empty. Why no edge is lost, when C runs on another thread than the loop:
///   - C would block. The descriptor was not ready at an instant c inside C. An event e after c wakes the loop, which
///     then writes true. The clear stands before C, and the kernel orders C and e by the descriptor's lock: so the
///     write of true is later than the clear, and stays. The operation goes home, and start() looks at the hint on the
///     loop's thread, the thread that delivers events: either the event was delivered, and start() makes the call
///     again, or it will be, and finds the operation pending.
///   - C takes part of what it asked for, on a stream. The side was empty at an instant c inside C (epoll(7), question
///     9), and the case is the one above; the next call is spared.
///   - As before, but the stream had ended too (a FIN behind the last bytes): no event may follow. The event that said
///     so set `ended` before its write of true (release). If that write comes before the clear, the clear acquires it,
///     so `ended` is seen after C and the hint is set again: the clear is an exchange (acquire), and what the holder
///     wrote in between are exchanges too, which do not end the release sequence. If it comes after, it stays.
/// Model: tests/model/readiness.cpp, which found that setting it again must be an exchange.
/// A level-triggered backend needs none of this to be safe, since it asks again for each pending operation; to it the
/// hint only tells a call worth trying from one that would be wasted.
namespace tenon::detail {

template <class Threading>
struct ready_side {
  typename Threading::template atomic<bool> ready{true};
  io_operation* pending = nullptr;  // the loop's thread only; while set, `ready` is false
};

template <class Threading>
struct ready_source : io_source {
  ready_side<Threading> in;
  ready_side<Threading> out;
  typename Threading::template atomic<bool> ended{false};  ///< a short transfer does not mean "empty" any more
  bool is_socket = false;
  bool is_stream = false;  ///< a short read or write shows that it is empty or full

  [[nodiscard]] ready_side<Threading>& side(io_kind kind) noexcept { return is_inbound(kind) ? in : out; }
  [[nodiscard]] bool is_idle() const noexcept { return in.pending == nullptr && out.pending == nullptr; }
};

/// Makes a source as new, for the descriptor it now has: asks once what that is. EBADF when it is none, else 0.
template <class Threading>
[[nodiscard]] int reset_source(ready_source<Threading>& source) noexcept {
  assert(source.is_idle());
  int type = 0;
  socklen_t size = sizeof type;
  source.is_socket = ::getsockopt(source.fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
  if (source.is_socket) {
    source.is_stream = type == SOCK_STREAM;
  } else {
    if (errno == EBADF) return EBADF;
    // Of the rest only pipes are streams: terminals give a line a read, inotify whole records, O_DIRECT pipes packets.
    struct stat about{};
    source.is_stream =
        ::fstat(source.fd, &about) == 0 && S_ISFIFO(about.st_mode) && (::fcntl(source.fd, F_GETFL) & O_DIRECT) == 0;
  }
  source.ended.store(false, std::memory_order_relaxed);
  source.in.ready.store(true, std::memory_order_relaxed);
  source.out.ready.store(true, std::memory_order_relaxed);
  return 0;
}

/// The system call of an operation: what it gives, or -errno. EINTR is asked again.
[[nodiscard]] inline std::int64_t perform(const io_operation& op, bool is_socket) noexcept {
  const int fd = op.source->fd;
  for (;;) {
    std::int64_t got = -1;
    switch (op.kind) {
      case io_kind::read: got = is_socket ? ::recv(fd, op.data, op.size, 0) : ::read(fd, op.data, op.size); break;
      case io_kind::write:
        got = is_socket ? ::send(fd, op.data, op.size, MSG_NOSIGNAL) : ::write(fd, op.data, op.size);
        break;
      case io_kind::accept: got = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); break;
      case io_kind::send_message: got = ::sendmsg(fd, static_cast<const msghdr*>(op.data), MSG_NOSIGNAL); break;
      case io_kind::receive_message: got = ::recvmsg(fd, static_cast<msghdr*>(op.data), 0); break;
      case io_kind::read_at: {
        const auto& part = *static_cast<const file_part*>(op.data);
        got = ::pread(fd, part.bytes, op.size, part.offset);
        break;
      }
      case io_kind::write_at: {
        const auto& part = *static_cast<const file_part*>(op.data);
        got = ::pwrite(fd, part.bytes, op.size, part.offset);
        break;
      }
      case io_kind::sync: got = ::fsync(fd); break;
      case io_kind::sync_data: got = ::fdatasync(fd); break;
      case io_kind::connect:
        got = ::connect(fd, static_cast<const sockaddr*>(op.data), static_cast<socklen_t>(op.size));
        if (got < 0 && errno == EINTR) return -EINPROGRESS;  // it goes on without us (connect(2))
        break;
      case io_kind::readable:
      case io_kind::arrival:
      case io_kind::writable: {
        pollfd asked{fd, static_cast<short>(op.kind != io_kind::writable ? POLLIN : POLLOUT), 0};
        got = ::poll(&asked, 1, 0);
        if (got == 0) return -EAGAIN;
        if (got == 1) return (asked.revents & POLLNVAL) != 0 ? -EBADF : 0;
        break;
      }
    }
    if (got >= 0) return got;
    if (errno != EINTR) return -errno;
  }
}

/// An operation on a file, which never has to be waited for.
[[nodiscard]] inline bool perform_at_once(io_operation& op) noexcept {
  op.outcome = perform(op, false);
  return true;
}

/// Makes the system call of an operation whose side's hint is clear. True: it has ended, and the hint is right again.
template <class Threading>
[[nodiscard]] bool try_now(io_operation& op, ready_source<Threading>& source, ready_side<Threading>& side) noexcept {
  const std::int64_t got = perform(op, source.is_socket);
  if (got == -EAGAIN) return false;
  op.outcome = got;
  const bool emptied = source.is_stream && got > 0 && static_cast<std::size_t>(got) < op.size &&
                       (op.kind == io_kind::read || op.kind == io_kind::write);
  // After an error, as after a full transfer, no new event need come: accept() with EMFILE leaves the peer waiting.
  if (!emptied || source.ended.load(std::memory_order_relaxed)) {
    // Not a store: the loop may have written true since the clear, and the next clear must acquire that.
    (void)side.ready.exchange(true, std::memory_order_relaxed);
  }
  return true;
}

/// backend_loop's attempt.
template <class Threading>
[[nodiscard]] bool attempt_ready(io_operation& op) noexcept {
  if (is_of_file(op.kind)) return perform_at_once(op);
  auto& source = static_cast<ready_source<Threading>&>(*op.source);
  ready_side<Threading>& side = source.side(op.kind);
  if (op.kind == io_kind::connect) return false;  // begun only where its end is heard of
  if (!side.ready.load(std::memory_order_relaxed)) return false;
  (void)side.ready.exchange(false, std::memory_order_acquire);
  return try_now(op, source, side);
}

/// The same on the loop's own thread: no event can come in between, so the hint is written when all is known, and by
/// nobody else.
template <class Threading>
[[nodiscard]] inline bool attempt_here(io_operation& op) noexcept {
  if (op.kind != io_kind::read && op.kind != io_kind::write) return attempt_ready<Threading>(op);
  auto& source = static_cast<ready_source<Threading>&>(*op.source);
  ready_side<Threading>& side = source.side(op.kind);
  if (!side.ready.load(std::memory_order_relaxed)) return false;
  op.outcome = perform(op, source.is_socket);
  if (op.outcome == -EAGAIN) {
    side.ready.store(false, std::memory_order_relaxed);
    return false;
  }
  const bool emptied = source.is_stream && op.outcome > 0 && static_cast<std::size_t>(op.outcome) < op.size;
  if (emptied && !source.ended.load(std::memory_order_relaxed)) side.ready.store(false, std::memory_order_relaxed);
  return true;
}

/// The same of a socket's read or write for who will not wait: bytes, or -errno, -EAGAIN among them.
template <class Threading>
[[nodiscard]] inline std::int64_t transfer_here(ready_source<Threading>& source, io_kind kind, void* data,
                                                std::size_t size) noexcept {
  ready_side<Threading>& side = source.side(kind);
  if (!side.ready.load(std::memory_order_relaxed)) return -EAGAIN;
  std::int64_t got = 0;
  do {
    got = kind == io_kind::read ? ::recv(source.fd, data, size, 0) : ::send(source.fd, data, size, MSG_NOSIGNAL);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    const int why = errno;
    if (why == EAGAIN) side.ready.store(false, std::memory_order_relaxed);
    return -why;
  }
  const bool emptied = source.is_stream && got > 0 && static_cast<std::size_t>(got) < size;
  if (emptied && !source.ended.load(std::memory_order_relaxed)) side.ready.store(false, std::memory_order_relaxed);
  return got;
}

/// backend_loop's start: true when it ended at once, else it is pending.
template <class Threading>
[[nodiscard]] bool start_ready(io_operation& op) noexcept {
  if (is_of_file(op.kind)) return perform_at_once(op);
  auto& source = static_cast<ready_source<Threading>&>(*op.source);
  ready_side<Threading>& side = source.side(op.kind);
  assert(side.pending == nullptr && "one operation a side at a time");
  if (op.kind == io_kind::connect) {
    // epoll says of a socket that is not yet connected that it hung up: forget that before the call, never after it,
    // when the word may be about the new connection.
    source.ended.store(false, std::memory_order_relaxed);
    side.ready.store(false, std::memory_order_relaxed);
    op.outcome = perform(op, source.is_socket);
    if (op.outcome != -EINPROGRESS) {
      side.ready.store(true, std::memory_order_relaxed);
      return true;
    }
  } else if (attempt_ready<Threading>(op)) {
    return true;
  }
  side.pending = &op;
  return false;
}

/// How a connect that was in progress has ended: 0 or -errno.
[[nodiscard]] inline int pending_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? -error : -errno;
}

/// Ends the pending operation of a side that has become ready, if it will end: true, and it is in `done`.
template <class Threading>
bool finish_pending(ready_source<Threading>& source, ready_side<Threading>& side, work_list& done) noexcept {
  io_operation& op = *side.pending;
  switch (op.kind) {
    case io_kind::readable:
    case io_kind::arrival:
    case io_kind::writable:
      op.outcome = 0;
      side.ready.store(true, std::memory_order_relaxed);
      break;
    case io_kind::connect:
      op.outcome = pending_error(source.fd);
      side.ready.store(true, std::memory_order_relaxed);
      break;
    default:
      if (!try_now(op, source, side)) return false;
      break;
  }
  side.pending = nullptr;
  done.push(op);
  return true;
}

/// What the kernel said of a source.
struct ready_event {
  bool inbound;
  bool outbound;
  bool ended;  ///< one direction or both will stay ready: hang-up, error, end of the stream
};

/// Takes in one event, on the loop's thread. Operations that ended are in `done`; nothing of the user's has run.
template <class Threading>
void deliver(ready_source<Threading>& source, ready_event event, work_list& done) noexcept {
  if (event.ended) source.ended.store(true, std::memory_order_relaxed);
  const auto take = [&](ready_side<Threading>& side) {
    if (side.pending != nullptr) {
      finish_pending(source, side, done);
    } else {
      side.ready.store(true, std::memory_order_release);  // publishes `ended`
    }
  };
  if (event.inbound) take(source.in);
  if (event.outbound) take(source.out);
}

/// backend_loop's cancel: an operation that has ended already stays as it ended. True: it was pending, and is in
/// `done`.
template <class Threading>
bool cancel_ready(io_operation& op, work_list& done) noexcept {
  ready_side<Threading>& side = static_cast<ready_source<Threading>&>(*op.source).side(op.kind);
  if (side.pending != &op) return false;
  side.pending = nullptr;
  op.outcome = -ECANCELED;
  done.push(op);
  return true;
}

/// Whether a descriptor has nothing to tell: how a loop that is about to doze looks once more.
[[nodiscard]] inline bool is_quiet(int fd) noexcept {
  pollfd asked{fd, POLLIN, 0};
  return ::poll(&asked, 1, 0) == 0;
}

/// Runs what has ended. A list of its own: what is cancelled meanwhile waits for the next turn.
inline std::size_t run_all(work_list& done) noexcept {
  std::size_t count = 0;
  for (work_list batch = std::move(done); work* const item = batch.pop(); ++count) item->run(*item);
  return count;
}

}  // namespace tenon::detail
