// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/detail/io_wait.hpp>
#include <tenon/net/detail/splice.hpp>
#include <tenon/net/send_file.hpp>
#include <tenon/net/stream_socket.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/when_all.hpp>
#include <tenon/task/yield.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <type_traits>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tenon {

/// What a relay has moved, and why it ended: no error when each side had said that nothing more would come.
struct relayed {
  std::uint64_t forth = 0;
  std::uint64_t back = 0;
  std::error_code why;
};

namespace detail {

/// One of two directions, and what both of them know.
template <class R>
class relay_clock {
 public:
  relay_clock(R& runtime, duration idle) noexcept : runtime_(runtime), idle_(idle) { moved(); }

  void moved() noexcept { last_.store(now(), std::memory_order_relaxed); }
  [[nodiscard]] time_point limit() const noexcept {
    return idle_ == duration::max() ? never : time_point(duration(last_.load(std::memory_order_relaxed))) + idle_;
  }
  /// Whether a wait that ended with `why` goes on: the other direction has moved something meanwhile.
  [[nodiscard]] bool goes_on(const std::error_code& why) const noexcept {
    return why == std::errc::timed_out && limit() > runtime_.now();
  }

 private:
  [[nodiscard]] duration::rep now() const noexcept { return runtime_.now().time_since_epoch().count(); }

  R& runtime_;
  duration idle_;
  typename R::threading::template atomic<duration::rep> last_{0};
};

template <class Stream>
using runtime_of_stream = std::remove_cvref_t<decltype(std::declval<Stream&>().runtime())>;

/// Whether a stream's bytes are those of its socket.
template <class Stream>
inline constexpr bool is_plain = std::is_base_of_v<stream_socket<runtime_of_stream<Stream>>, Stream>;

/// Whether those that have come are all in the socket still: a proactor may have taken some in.
template <class Stream>
inline constexpr bool is_untouched = is_plain<Stream> && !runtime_of_stream<Stream>::backend::proactor;

/// How many pieces a direction moves before it lets others run.
inline constexpr unsigned pieces_a_turn = 16;

template <class From, class To, class R>
task<std::error_code> relay_by_pipe(From& from, To& to, relay_clock<R>& clock, std::uint64_t& total) {
  constexpr std::size_t piece_bytes = 64 * 1024;  // what a pipe holds
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) co_return error_of(errno);
  const unique_fd out(ends[0]);
  const unique_fd in(ends[1]);
  for (unsigned pieces = 1;; ++pieces) {
    if (pieces % pieces_a_turn == 0) {
      const bool stopped = co_await this_task::stop_requested();
      if (stopped) co_return std::make_error_code(std::errc::operation_canceled);
      co_await yield();
    }
    const std::int64_t got = splice_piece(from.native_handle(), in.get(), piece_bytes);
    if (got == 0) co_return std::error_code();
    if (got < 0 && got != -EAGAIN) co_return error_of(static_cast<int>(-got));
    if (got < 0) {
      const auto ready = co_await from.readable(clock.limit());
      if (!ready && !clock.goes_on(ready.error())) co_return ready.error();
      continue;
    }
    clock.moved();
    count_transfer(from.runtime(), io_kind::read, got);
    for (auto held = static_cast<std::size_t>(got); held != 0;) {
      const int target = to.native_handle();
      const int source = out.get();
      const std::int64_t sent = without_sigpipe(held, [=]() noexcept { return splice_piece(source, target, held); });
      if (sent > 0) {
        held -= static_cast<std::size_t>(sent);
        total += static_cast<std::uint64_t>(sent);
        clock.moved();
        count_transfer(to.runtime(), io_kind::write, sent);
        continue;
      }
      if (sent != -EAGAIN) co_return error_of(sent == 0 ? EIO : static_cast<int>(-sent));
      const auto ready = co_await to.writable(clock.limit());
      if (!ready && !clock.goes_on(ready.error())) co_return ready.error();
    }
  }
}

template <class From, class To, class R>
task<std::error_code> relay_by_copy(From& from, To& to, relay_clock<R>& clock, std::uint64_t& total) {
  constexpr std::size_t piece_bytes = 16 * 1024;
  const lent_bytes room(from.runtime(), piece_bytes);
  for (;;) {
    const auto got = co_await from.read_some(room.all(), clock.limit());
    if (!got && clock.goes_on(got.error())) continue;
    if (!got) co_return got.error();
    if (*got == 0) co_return std::error_code();
    clock.moved();
    std::span<const std::byte> held = room.all().first(*got);
    while (!held.empty()) {
      const auto sent = co_await to.write_some(held, clock.limit());
      if (!sent && clock.goes_on(sent.error())) continue;
      if (!sent) co_return sent.error();
      held = held.subspan(*sent);
      total += *sent;
      clock.moved();
    }
  }
}

/// One direction to its end. When it ended well, the end is passed on; else both sockets are shut down, so that the
/// other direction ends too.
template <class From, class To, class R>
task<std::error_code> relay_half(From& from, To& to, relay_clock<R>& clock, std::uint64_t& total) {
  std::error_code why;
  if constexpr (is_untouched<From> && is_plain<To>) {
    why = co_await relay_by_pipe(from, to, clock, total);
  } else {
    why = co_await relay_by_copy(from, to, clock, total);
  }
  if (!why) {
    using passed = decltype(to.shutdown_send());
    if constexpr (std::is_same_v<passed, result<void>>) {
      (void)to.shutdown_send();  // it may be gone already: its own direction says so
    } else {
      (void)co_await to.shutdown_send();
    }
  } else {
    ::shutdown(from.native_handle(), SHUT_RDWR);
    ::shutdown(to.native_handle(), SHUT_RDWR);
  }
  co_return why;
}

template <class Near, class Far>
task<relayed> relay_both(Near& near, Far& far, duration idle) {
  relay_clock clock(near.runtime(), idle);
  relayed done;
  const auto [forth, back] =
      co_await when_all(relay_half(near, far, clock, done.forth), relay_half(far, near, clock, done.back));
  done.why = forth ? forth : back;
  co_return done;
}

}  // namespace detail

/// Moves bytes between two streams, both ways, until each side has said that nothing more will come: what a proxy does
/// once it knows where to.
///
///     const auto done = co_await tenon::relay(client, upstream, 60s);   // done.forth, done.back, done.why
///
/// Shape         The end of one side is passed on to the other, and the other direction goes on (a half-close). At most
///               64 KiB are between the two sockets in a direction: who does not read makes the other wait.
/// Cost          Between two sockets the bytes go through a pipe a direction by splice(2), and never into the program.
///               Where one of the streams has to see them, as TLS has, or the backend may have received them before
///               they are asked for, as io_uring's does, 16 KiB of the runtime's memory a direction. Two tasks.
/// Threads       The reader and the writer of both streams.
/// Errors        `why`: timed_out when neither side has moved anything for `idle`; the system's errno of the side that
///               failed first. Then both sockets are shut down, and what was on its way is lost.
/// Cancellation  Ends it with operation_canceled; both sockets are shut down.
/// Source        splice(2), pipe(7)
template <class Near, class Far>
[[nodiscard]] task<relayed> relay(Near& near, Far& far, duration idle = duration::max()) {
  return detail::relay_both(near, far, idle);
}

}  // namespace tenon
