// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/detail/io_wait.hpp>
#include <tenon/net/detail/splice.hpp>
#include <tenon/net/stream_socket.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/this_task.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

namespace tenon {

namespace detail {

/// Memory of a runtime for as long as the object lives.
template <class R>
class lent_bytes {
 public:
  lent_bytes(R& runtime, std::size_t count)
      : runtime_(runtime), bytes_(static_cast<std::byte*>(runtime.allocate(count))), count_(count) {}
  lent_bytes(const lent_bytes&) = delete;
  lent_bytes& operator=(const lent_bytes&) = delete;
  ~lent_bytes() { runtime_.deallocate(bytes_, count_); }

  [[nodiscard]] std::span<std::byte> all() const noexcept { return {bytes_, count_}; }

 private:
  R& runtime_;
  std::byte* bytes_;
  std::size_t count_;
};

[[nodiscard]] inline int descriptor_of(int file) noexcept { return file; }
template <class File>
[[nodiscard]] int descriptor_of(const File& file) noexcept {
  return file.native_handle();
}

/// Whether a task whose wait may be over at once has still something to do: 0, or the errno that ends it.
template <class R>
[[nodiscard]] int errno_of_going_on(R& runtime, bool stopped, time_point deadline) noexcept {
  if (stopped) return ECANCELED;
  return deadline != never && runtime.now() >= deadline ? ETIMEDOUT : 0;
}

/// send_file by way of the program's memory: for a stream that has to see the bytes, as TLS has.
template <class Stream>
task<result<std::uint64_t>> copy_file(Stream& to, int file, std::uint64_t offset, std::uint64_t count,
                                      time_point deadline) {
  constexpr std::size_t piece_bytes = 16 * 1024;  // a record of TLS
  const lent_bytes room(to.runtime(), piece_bytes);
  std::uint64_t total = 0;
  while (total < count) {
    const std::size_t most = count - total < piece_bytes ? static_cast<std::size_t>(count - total) : piece_bytes;
    const std::int64_t got = read_piece(file, room.all().data(), most, offset + total);
    if (got < 0) co_return error_of(static_cast<int>(-got));
    if (got == 0) break;
    const auto sent = co_await to.write_all(room.all().first(static_cast<std::size_t>(got)), deadline);
    if (!sent) co_return sent.error();
    total += static_cast<std::uint64_t>(got);
    const bool stopped = co_await this_task::stop_requested();
    if (const int why = errno_of_going_on(to.runtime(), stopped, deadline); why != 0) co_return error_of(why);
  }
  co_return total;
}

/// send_file of a socket.
template <class R>
struct file_sending {
  template <class File>
  static task<result<std::uint64_t>> send(stream_socket<R>& to, const File& file, std::uint64_t offset,
                                          std::uint64_t count, time_point deadline) {
    return through(to, descriptor_of(file), offset, count, deadline);
  }

 private:
  /// As much as one call sends, and so what others wait for when a socket takes all.
  static constexpr std::uint64_t piece_bytes = 256 * 1024;

  static task<result<std::uint64_t>> through(stream_socket<R>& to, int file, std::uint64_t offset, std::uint64_t count,
                                             time_point deadline) {
    std::uint64_t total = 0;
    if (to.is_posting()) {  // what was left to the loop stands before the file
      const auto ready = co_await to.writable(deadline);
      if (!ready) co_return ready.error();
    }
    while (total < count) {
      const bool stopped = co_await this_task::stop_requested();
      if (const int why = errno_of_going_on(to.runtime(), stopped, deadline); why != 0) co_return error_of(why);
      const auto most = static_cast<std::size_t>(count - total < piece_bytes ? count - total : piece_bytes);
      const std::int64_t got = send_piece(to.native_handle(), file, offset + total, most);
      if (got == 0) break;
      if (got == -EINVAL && total == 0) {  // sendfile(2) knows no way from there
        auto copied = co_await copy_file(to, file, offset, count, deadline);
        co_return copied;
      }
      if (got < 0 && got != -EAGAIN) co_return error_of(static_cast<int>(-got));
      if (got > 0) {
        count_transfer(to.runtime(), io_kind::write, got);
        total += static_cast<std::uint64_t>(got);
      }
      if (total == count) break;
      // Also after a whole piece: others get their turn, and the socket has room for more than a little.
      const auto ready = co_await to.writable(deadline);
      if (!ready) co_return ready.error();
    }
    co_return total;
  }
};

}  // namespace detail

/// Sends `count` bytes of a file, from `offset` on. Fewer bytes sent mean that the file has ended before.
///
///     auto sent = co_await tenon::send_file(peer, *page, 0, size, rt.now() + 30s);   // or peer.send_file(*page, ...)
///
/// Shape         `file` is a descriptor or an `R::file`, open until the task ends; its position is not used. A stream
///               without a `send_file` of its own (one that has to see the bytes) gets them by reads and writes of
///               16 KiB.
/// Cost          Into a socket: a sendfile(2) for each 256 KiB, or for what the socket takes, in the frame of one task;
///               the bytes do not pass through the program. What of the file is not in memory is read where the task
///               stands: it holds its worker up for as long as a piece takes.
/// Threads       A writer, as write_all is one.
/// Errors        Those of write_all; what reading the file gives.
/// Cancellation  Looked for between two pieces, as the deadline is. How many bytes had been sent nobody says: the
///               stream is of no use any more.
/// Source        sendfile(2)
template <class Stream, class File>
[[nodiscard]] task<result<std::uint64_t>> send_file(Stream& to, const File& file, std::uint64_t offset,
                                                    std::uint64_t count, time_point deadline = never) {
  if constexpr (requires { to.send_file(file, offset, count, deadline); }) {
    return to.send_file(file, offset, count, deadline);
  } else {
    return detail::copy_file(to, detail::descriptor_of(file), offset, count, deadline);
  }
}

}  // namespace tenon
