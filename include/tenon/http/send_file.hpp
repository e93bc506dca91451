// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/exchange.hpp>
#include <tenon/net/byte_stream.hpp>
#include <tenon/net/send_file.hpp>
#include <tenon/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

namespace tenon::http {

/// What an exchange lets send files: it writes past the exchange's buffer.
template <class Exchange>
struct file_piece {
  static constexpr std::uint64_t copied_bytes = 16 * 1024;  // go with what stands before them, in one call
  static constexpr std::uint64_t sent_at_once = 256 * 1024;

  static task<result<void>> copy(Exchange& x, int file, std::uint64_t offset, std::uint64_t count) {
    const tenon::detail::lent_bytes room(x.runtime(), static_cast<std::size_t>(count));
    std::size_t held = 0;
    while (held < count) {
      const auto free = room.all().subspan(held);
      const std::int64_t got = tenon::detail::read_piece(file, free.data(), free.size(), offset + held);
      if (got < 0) co_return error_of(static_cast<int>(-got));
      if (got == 0) co_return std::make_error_code(std::errc::io_error);
      held += static_cast<std::size_t>(got);
    }
    const auto sent = co_await x.write(std::span<const std::byte>(room.all()));
    co_return sent;
  }

  static task<result<void>> send(Exchange& x, int file, std::uint64_t offset, std::uint64_t count) {
    if (x.writer_.is_coded()) {  // so it goes through the program
      for (std::uint64_t part = 0; count != 0; offset += part, count -= part) {
        part = count < copied_bytes ? count : copied_bytes;
        const auto sent = co_await copy(x, file, offset, part);
        if (!sent) co_return sent;
      }
      co_return result<void>();
    }
    if (!x.writer_.open(static_cast<std::size_t>(count))) co_return x.misuse();
    const auto before = co_await x.flush();
    if (!before || !x.writer_.carries_body()) co_return before;
    for (std::uint64_t part = 0; count != 0; offset += part, count -= part) {
      part = count < sent_at_once ? count : sent_at_once;
      const time_point until = x.runtime().now() + x.patience_.answer;
      const auto sent = co_await tenon::send_file(x.peer_, file, offset, part, until);
      if (sent && *sent == part) continue;
      x.is_cut_ = true;
      co_return sent ? std::make_error_code(std::errc::io_error) : sent.error();
    }
    x.writer_.close();
    co_return before;
  }
};

/// Sends a piece of an exchange's answer that lies in a file: `count` bytes from `offset` on.
///
///     x.begin(head, size);
///     const auto sent = co_await tenon::http::send_file(x, page->native_handle(), 0, size);
///     co_await x.finish();
///
/// Cost     Up to 16 KiB are read, and leave with what is to be sent before them. More goes by `tenon::send_file`, past
///          the program, as fast as the client reads; it has the time for an answer for each 256 KiB.
/// Errors   Those of exchange::write. io_error when the file ends before: the connection cannot go on.
/// Threads  As the exchange.
template <byte_stream Stream>
[[nodiscard]] task<result<void>> send_file(exchange<Stream>& x, int file, std::uint64_t offset, std::uint64_t count) {
  using piece = file_piece<exchange<Stream>>;
  return count <= piece::copied_bytes ? piece::copy(x, file, offset, count) : piece::send(x, file, offset, count);
}

}  // namespace tenon::http
