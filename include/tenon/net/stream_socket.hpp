// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/on_stop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/const_buffer.hpp>
#include <tenon/net/detail/descriptor.hpp>
#include <tenon/net/detail/gathered.hpp>
#include <tenon/net/detail/io_wait.hpp>
#include <tenon/net/detail/vigil.hpp>
#include <tenon/task/task.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <sys/socket.h>

namespace tenon {

namespace detail {

/// Defined by net/send_file.hpp.
template <class R>
struct file_sending;
/// Defined by net/received.hpp.
template <class R>
struct receiver;

}  // namespace detail

/// A connected stream of bytes of runtime R, whatever its address family: what `R::tcp_stream` and `R::unix_stream`
/// have in common, and what takes over a descriptor that came from elsewhere.
///
///     tenon::stream_socket<edge::runtime> one(rt, tenon::unique_fd(pair[0]));   // socketpair(2), non-blocking
///
/// Shape         One pointer.
/// Cost          A read or write that need not wait is one system call where the task stands; one that waits costs the
///               backend's share. No allocation.
/// Threads       One reader and one writer at a time, in any two tasks of R.
/// Errors        result: the system's errno; timed_out when the deadline passes; operation_canceled after a stop
///               request. The end of the stream is a read of 0 bytes. SIGPIPE is never raised.
/// Cancellation  When a co_await returns, whatever it returns, the kernel has let go of the buffer.
template <class R>
class stream_socket {
 public:
  /// Takes a connected, non-blocking socket over.
  stream_socket(R& runtime, unique_fd connected)
      : descriptor_(detail::descriptor<R>::make(runtime, std::move(connected))) {}

  /// Reads what is there, at least one byte; 0 is the end of the stream.
  [[nodiscard]] detail::transfer_wait<R> read_some(std::span<std::byte> into, time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::read, into.data(), into.size(), deadline}};
  }
  /// Writes as much as the socket takes.
  [[nodiscard]] detail::transfer_wait<R> write_some(std::span<const std::byte> from,
                                                    time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::write, const_cast<std::byte*>(from.data()), from.size(), deadline}};
  }
  /// Writes all of it, or fails.
  [[nodiscard]] detail::transfer_wait<R> write_all(std::span<const std::byte> from, time_point deadline = never,
                                                   on_stop stop = on_stop::cancel) noexcept {
    return {*descriptor_, {io_kind::write, const_cast<std::byte*>(from.data()), from.size(), deadline, true, stop}};
  }
  /// The same of a row of buffers, which lives as long as the wait does: one call for up to 1,024 of them.
  [[nodiscard]] detail::gathered_wait<R> write_some(std::span<const const_buffer> parts,
                                                    time_point deadline = never) noexcept {
    return {*descriptor_, raw(parts), parts.size(), deadline, false, on_stop::cancel};
  }
  [[nodiscard]] detail::gathered_wait<R> write_all(std::span<const const_buffer> parts, time_point deadline = never,
                                                   on_stop stop = on_stop::cancel) noexcept {
    return {*descriptor_, raw(parts), parts.size(), deadline, true, stop};
  }
  /// Sends `count` bytes of a file, from `offset` on, without their passing through the program: `tenon::send_file`,
  /// which has to be included. Fewer bytes mean that the file has ended.
  template <class File, class Sending = detail::file_sending<R>>
  [[nodiscard]] task<result<std::uint64_t>> send_file(const File& file, std::uint64_t offset, std::uint64_t count,
                                                      time_point deadline = never) {
    static_assert(
        requires { sizeof(Sending); },
        "tenon::stream_socket::send_file: to send a file takes <tenon/net/send_file.hpp>; include it");
    return Sending::send(*this, file, offset, count, deadline);
  }
  /// Waits until a read of this stream would not block: what an idle connection waits in, so that it need not hold a
  /// buffer. The backend may have taken the bytes in already: who reads by native_handle() waits by poll_readable().
  [[nodiscard]] detail::ready_wait<R> readable(time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::arrival, nullptr, 0, deadline}};
  }
  /// Waits until the descriptor itself is readable, and takes nothing: for another library that reads from it. Not on
  /// a stream that was waited for by readable(), or read from.
  [[nodiscard]] detail::ready_wait<R> poll_readable(time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::readable, nullptr, 0, deadline}};
  }
  /// Waits until a write would not block.
  [[nodiscard]] detail::ready_wait<R> writable(time_point deadline = never, on_stop stop = on_stop::cancel) noexcept {
    return {*descriptor_, {io_kind::writable, nullptr, 0, deadline, false, stop}};
  }

  /// Waits until a read would not block, tells `watcher`, and waits again for as long as it says: for a connection that
  /// is idle most of its life, at a third of the price of co_await readable() in a loop.
  ///
  ///     bool heard(const result<void>& ready);  // true: go on. After an error (a deadline, a stop) it ends
  ///     duration patience();                    // how long the next wait may take; duration::max() for ever
  template <detail::watcher Watcher>
  [[nodiscard]] detail::vigil<R, Watcher> watch(Watcher& watcher) noexcept {
    return {*descriptor_, watcher};
  }

  /// Waits for bytes and gives them in the buffer they came in: see net/received.hpp, which has to be included.
  template <class Receiver = detail::receiver<R>>
  [[nodiscard]] auto receive(time_point deadline = never) {
    static_assert(
        requires { sizeof(Receiver); },
        "tenon::stream_socket::receive: to receive into buffers of the runtime's takes <tenon/net/received.hpp>; "
        "include it, or write read_some");
    return Receiver::receive(*descriptor_, deadline);
  }

  /// Reads or writes what can be without waiting, from a worker of R; std::errc::operation_would_block when nothing
  /// can.
  [[nodiscard]] result<std::size_t> try_read_some(std::span<std::byte> into) noexcept {
    return attempt({io_kind::read, into.data(), into.size()});
  }
  [[nodiscard]] result<std::size_t> try_write_some(std::span<const std::byte> from) noexcept {
    return attempt({io_kind::write, const_cast<std::byte*>(from.data()), from.size()});
  }
  [[nodiscard]] result<std::size_t> try_write_some(std::span<const const_buffer> parts) noexcept {
    detail::gathered row(raw(parts), parts.size());
    return attempt({io_kind::send_message, static_cast<msghdr*>(&row), row.size()});
  }

  /// Writes as try_write_some does, or leaves up to two kilobytes to the loop, where that sends with its next turn what
  /// many have left: the bytes are the loop's then, and what is written next waits for them. What becomes of them is
  /// seen by the next read or write.
  [[nodiscard]] result<std::size_t> post_some(std::span<const std::byte> from) noexcept {
    if constexpr (posts) {
      auto* const home = descriptor_->home();
      if (home != nullptr && home == descriptor_->runtime().current() && !from.empty() &&
          home->backend().post(descriptor_->source(), from.data(), from.size())) {
        detail::count_transfer(descriptor_->runtime(), io_kind::write, static_cast<std::int64_t>(from.size()));
        return from.size();
      }
    }
    return try_write_some(from);
  }
  /// Whether the loop has still something to send that was left to it.
  [[nodiscard]] bool is_posting() const noexcept {
    if constexpr (posts) return descriptor_->source().posted.load(std::memory_order_acquire) != nullptr;
    return false;
  }

  /// Says to the peer that nothing more will come; reading goes on. std::errc::operation_would_block: what was left to
  /// the loop by post_some is not sent yet, so it was not said; it may be when writable() is over, or an empty write.
  result<void> shutdown_send() noexcept {
    if constexpr (posts) {
      auto* const home = descriptor_->home();
      if (is_posting() && !(home == descriptor_->runtime().current() && home->backend().hurry(descriptor_->source()))) {
        return std::errc::operation_would_block;
      }
    }
    if (::shutdown(native_handle(), SHUT_WR) != 0) return error_of(errno);
    return {};
  }

  [[nodiscard]] int native_handle() const noexcept { return descriptor_->fd(); }
  [[nodiscard]] R& runtime() const noexcept { return descriptor_->runtime(); }

 protected:
  [[nodiscard]] detail::ready_wait<R> connecting(const sockaddr* to, socklen_t size, time_point deadline) noexcept {
    return {*descriptor_, {io_kind::connect, const_cast<sockaddr*>(to), size, deadline}};
  }

 private:
  using loop_type = typename R::backend::template loop<typename R::threading>;
  static constexpr bool posts = requires(loop_type& at, typename loop_type::source& to) { at.post(to, nullptr, 0); };

  [[nodiscard]] static const iovec* raw(std::span<const const_buffer> parts) noexcept {
    return reinterpret_cast<const iovec*>(parts.data());  // each of them is one, and nothing else
  }
  [[nodiscard]] result<std::size_t> attempt(const detail::io_request& asked) noexcept {
    if (!descriptor_->is_settled()) [[unlikely]] {
      const auto settled = descriptor_->settle();
      if (!settled) return settled.error();
      if (!*settled) return std::errc::operation_would_block;
    }
    const std::int64_t got = detail::try_io(*descriptor_, asked);
    if (got < 0) return error_of(static_cast<int>(-got));
    return static_cast<std::size_t>(got);
  }

  typename detail::descriptor<R>::owner descriptor_;
};

}  // namespace tenon
