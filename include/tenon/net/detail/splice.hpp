// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <pthread.h>
#include <sys/sendfile.h>
#include <unistd.h>

namespace tenon::detail {

/// Makes a call that writes up to `most` bytes, may raise SIGPIPE and cannot be told not to, and takes the signal back.
/// It comes to the thread that writes, so holding it up here is enough; what of it was pending before stays pending.
template <class Call>
[[nodiscard]] std::int64_t without_sigpipe(std::size_t most, const Call& call) noexcept {
  sigset_t pipe_only;
  sigset_t before;
  sigset_t pending;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
  const bool held_up_before = sigismember(&before, SIGPIPE) == 1;
  const bool was_pending = held_up_before && ::sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
  const std::int64_t got = call();
  // A part may have gone out before the rest met the end: that counts as a success, and raises it all the same.
  const bool is_part = got > 0 && static_cast<std::size_t>(got) < most;
  if ((got == -EPIPE || is_part) && !was_pending) {
    constexpr timespec at_once{};
    while (::sigtimedwait(&pipe_only, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  if (!held_up_before) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return got;
}

/// Bytes of a file into a socket: how many, 0 at the end of the file, or -errno.
[[nodiscard]] inline std::int64_t send_piece(int socket, int file, std::uint64_t offset, std::size_t most) noexcept {
  return without_sigpipe(most, [=]() noexcept -> std::int64_t {
    for (;;) {
      auto from = static_cast<off_t>(offset);
      const ::ssize_t got = ::sendfile(socket, file, &from, most);
      if (got >= 0) return got;
      if (errno != EINTR) return -errno;
    }
  });
}

/// Bytes out of one descriptor into another, one of which is a pipe: how many, 0 at the end, or -errno.
[[nodiscard]] inline std::int64_t splice_piece(int from, int to, std::size_t most) noexcept {
  for (;;) {
    const ::ssize_t got = ::splice(from, nullptr, to, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (got >= 0) return got;
    if (errno != EINTR) return -errno;
  }
}

/// What one read of a file at `offset` gives: bytes, 0 at its end, or -errno.
[[nodiscard]] inline std::int64_t read_piece(int file, std::byte* into, std::size_t most,
                                             std::uint64_t offset) noexcept {
  for (;;) {
    const ::ssize_t got = ::pread(file, into, most, static_cast<off_t>(offset));
    if (got >= 0) return got;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace tenon::detail
