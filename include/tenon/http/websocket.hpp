// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/on_stop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/close_code.hpp>
#include <tenon/http/detail/utf8.hpp>
#include <tenon/http/frame_head.hpp>
#include <tenon/http/frame_parser.hpp>
#include <tenon/http/websocket_end.hpp>
#include <tenon/http/websocket_settings.hpp>
#include <tenon/sync/mutex.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/timeout.hpp>
#include <tenon/task/when_any.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <sys/socket.h>

namespace tenon::http {

/// A WebSocket over any byte stream, either end of it.
///
///     for (;;) {
///       auto got = co_await ws.read();
///       if (!got || got->is_close()) co_return;
///       auto sent = co_await ws.write(got->text());
///       if (!sent) co_return;
///     }
///
/// Shape         One allocation, which holds the stream, and a buffer each way. A message that came in one piece is a
///               view of what was read; else it is put together in a buffer that is kept.
/// Cost          A message: a read and a write, each a system call, no allocation once the buffers are warm. A client's
///               messages, and small ones, are copied once on their way out.
/// Threads       One task reads while others write, on any workers of the runtime: whole messages go out one after the
///               other, in turn; one task at a time writes by pieces, or closes. What the reader owes (pongs, pings) it
///               sends between the frames of the writers, and never waits for them.
/// Errors        timed_out: no answer to a ping, or a write that was not taken in time; connection_reset: it ended
///               without a close frame; protocol_error, illegal_byte_sequence, message_size: the other side broke the
///               rules, and was told so in a close frame; broken_pipe: it is over, or close() was called;
///               operation_in_progress: a whole message, while one that goes out by pieces has not ended.
/// Cancellation  A read that is stopped loses nothing. A frame that has begun is finished, within `write`.
/// Source        RFC 6455.
template <class Stream>
class websocket {
  using runtime = std::remove_reference_t<decltype(std::declval<Stream&>().runtime())>;
  using threading = typename runtime::threading;
  using guard = typename basic_mutex<threading>::guard;
  using kind = frame_event::kind;
  using core = websocket_end<Stream>;

 public:
  /// Over a stream whose handshake is done; `ahead` is what was read behind it.
  websocket(Stream over, websocket_role us, buffer ahead = {}, const websocket_settings& how = {},
            std::string_view protocol = {})
      : core_(std::make_unique<core>(std::move(over), us, std::move(ahead), how, protocol)) {}

  /// The next message, or that the other side has closed: once, then broken_pipe. `deadline`: timed_out, and it can be
  /// read again.
  [[nodiscard]] task<result<websocket_message>> read(time_point deadline = never) {
    core& my = *core_;
    const reading here(my);
    if (!here) co_return std::make_error_code(std::errc::broken_pipe);
    const auto rest = my.begin_message();
    if (rest) co_return *rest;
    for (;;) {
      const auto seen = co_await next(my.room_for_message(), deadline);
      if (!seen) co_return seen.error();
      const auto whole = my.take_in(*seen);
      if (whole) co_return *whole;
    }
  }

  /// The next bytes of a message as they come, into the caller's room: at least one, or `last`.
  [[nodiscard]] task<result<websocket_piece>> read_some(std::span<std::byte> into, time_point deadline = never) {
    assert(!into.empty() && "tenon::http::websocket: a read needs room");
    core& my = *core_;
    const reading here(my);
    if (!here) co_return std::make_error_code(std::errc::broken_pipe);
    for (;;) {
      const auto ahead = my.take_piece(into);
      if (ahead) co_return *ahead;
      const auto seen = co_await next(into, deadline);
      if (!seen) co_return seen.error();
      my.put_piece(*seen);
    }
  }

  /// Writes a message: a text, which has to be UTF-8, or bytes.
  [[nodiscard]] task<result<void>> write(std::string_view text) { return send(opcode::text, text, message::whole); }
  [[nodiscard]] task<result<void>> write(std::span<const std::byte> bytes) {
    return send(opcode::binary, text_of(bytes), message::whole);
  }
  /// Writes a message piece by piece, each a frame; `type` is text or binary, the same for all of it.
  [[nodiscard]] task<result<void>> write_some(opcode type, std::span<const std::byte> bytes, websocket_part part) {
    assert(type == opcode::text || type == opcode::binary);
    return send(type, text_of(bytes), part == websocket_part::last ? message::end : message::piece);
  }

  /// Says that this side has finished, and waits for the other to say so too, `settings.close` at most. What comes
  /// meanwhile goes to the task that reads, if one does, else it is dropped.
  ///
  /// Errors   invalid_argument: a code that may not be sent, a reason over 123 bytes or not UTF-8. timed_out.
  [[nodiscard]] task<result<void>> close(close_code code = close_code::normal, std::string_view reason = {}) {
    core& my = *core_;
    if (!is_sendable(code) || reason.size() > 123 || !detail::utf8_check::is_valid(reason)) {
      co_return std::make_error_code(std::errc::invalid_argument);
    }
    const auto sent = co_await send_close(code, reason);
    if (!sent) co_return sent.error();
    for (bool waited = false;; waited = true) {
      const reading here(my);
      if (here) {
        if (waited && my.failure) co_return result<void>();  // who read has seen the end
        const auto ended = co_await drop_rest();
        co_return ended;
      }
      const duration left = my.close_until - my.now();
      const auto in_time = co_await timeout(left > duration::zero() ? left : duration::zero(), my.over.wait());
      if (!in_time) {
        ::shutdown(my.stream.native_handle(), SHUT_RDWR);  // which ends its read
        co_return in_time;
      }
      my.over.reset();  // it left, before the end perhaps: the rest is read here, unless it came back
    }
  }

  /// The subprotocol that both agreed on; empty when it is none.
  [[nodiscard]] const std::string& protocol() const noexcept { return core_->protocol; }
  [[nodiscard]] Stream& stream() noexcept { return core_->stream; }

 private:
  /// While a task reads; false: another one does, which has to be the one that closes.
  ///
  /// Both sides take `reader` by an exchange: who closes and finds it taken has set `closing` before, and who reads
  /// sees that when it lets go, and sets `over`.
  class reading {
   public:
    explicit reading(core& of) noexcept : core_(of), mine_(!core_.reader.exchange(true, std::memory_order_acq_rel)) {
      assert((mine_ || core_.closing.load(std::memory_order_relaxed)) &&
             "tenon::http::websocket: one task reads at a time");
    }
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;
    ~reading() {
      if (!mine_) return;
      (void)core_.reader.exchange(false, std::memory_order_acq_rel);
      if (core_.closing.load(std::memory_order_acquire)) core_.over.set();
    }
    [[nodiscard]] explicit operator bool() const noexcept { return mine_; }

   private:
    core& core_;
    const bool mine_;
  };

  /// Reads up to the close frame of the other side.
  task<result<void>> drop_rest() {
    for (;;) {
      const auto seen = co_await next({}, never);
      if (!seen && seen.error() == std::errc::broken_pipe) co_return result<void>();  // it had closed before
      if (!seen) co_return seen.error();
      if (seen->what == kind::close) co_return result<void>();
    }
  }

  [[nodiscard]] static std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  /// The next piece of a message, or the end. `direct` is where a large payload may go without a copy.
  task<result<frame_event>> next(std::span<std::byte> direct, time_point deadline) {
    core& my = *core_;
    if (my.failure) co_return my.failure;
    my.in.consume(std::exchange(my.taken, 0));
    for (;;) {
      frame_event seen;
      if (!my.in.empty()) {
        seen = my.parser.parse(my.in.readable());
      } else if (goes_straight(direct)) {
        const bool is_less = my.parser.left() < direct.size();
        const auto room = direct.first(is_less ? static_cast<std::size_t>(my.parser.left()) : direct.size());
        const auto n = co_await fill(room, deadline);
        if (!n) co_return n.error();
        seen = my.parser.parse({reinterpret_cast<char*>(room.data()), *n});
        seen.bytes = 0;  // none of `in`
      }
      if (seen.what == kind::data || seen.what == kind::close) my.taken = seen.bytes;
      switch (seen.what) {
        case kind::data: co_return seen;
        case kind::close: {
          const bool told = co_await finish(seen.code, std::make_error_code(std::errc::broken_pipe));
          (void)told;
          co_return seen;
        }
        case kind::failed: {
          const bool told = co_await finish(seen.code, core::error_of(seen.code));
          (void)told;
          co_return my.failure;
        }
        case kind::ping: my.owe_pong(seen.payload); break;
        case kind::pong:
        case kind::more: break;
      }
      my.in.consume(seen.bytes);
      if (seen.what != kind::more || (my.in.empty() && goes_straight(direct))) continue;
      const auto n = co_await fill({}, deadline);
      if (!n) co_return n.error();
    }
  }
  /// Whether the rest of a payload is read to where it is wanted.
  [[nodiscard]] bool goes_straight(std::span<std::byte> direct) const noexcept {
    return core_->parser.left() != 0 && direct.size() > core::read_bytes;
  }

  /// Reads into `room`, or into `in` when there is none; pings while nothing comes.
  task<result<std::size_t>> fill(std::span<std::byte> room, time_point deadline) {
    core& my = *core_;
    for (;;) {
      while (my.owes() && my.send_owed()) {
        const bool comes = co_await wait_for_room(my.read_until(deadline));
        if (comes) break;
      }
      if (my.in.empty() && room.empty() && my.in.capacity() > my.how.kept_bytes) {
        my.in.release();
        const auto ready = co_await my.stream.readable(my.read_until(deadline));
        if (!ready && ready.error() != std::errc::timed_out) co_return my.lost(ready.error());
      }
      const auto into = room.empty() ? my.in.writable(core::read_bytes) : room;
      const auto n = co_await my.stream.read_some(into, my.read_until(deadline));
      if (n && *n != 0) {
        my.heard();
        if (room.empty()) my.in.commit(*n);
        co_return *n;
      }
      if (n) co_return my.lost(std::make_error_code(std::errc::connection_reset));
      if (n.error() != std::errc::timed_out) co_return my.lost(n.error());
      if (my.goes_on_after_silence(deadline)) continue;
      if (my.owes()) (void)my.send_owed();
      co_return my.failure ? my.failure : n.error();
    }
  }

  /// The socket takes nothing more of what the reader owes: until it does, or something comes, whichever is first. A
  /// reader that waited for the one would not hear the other, and two such ends would wait for each other.
  task<bool> wait_for_room(time_point until) {
    core& my = *core_;
    const guard held = my.writing.try_lock();
    if (!held) co_return true;  // who writes sends what is owed
    task<bool> comes = is_readable(my.stream, until);
    task<bool> goes = is_writable(my.stream, until);
    const auto first = co_await when_any(std::move(comes), std::move(goes));
    co_return first.index() == 0;
  }
  static task<bool> is_readable(Stream& of, time_point until) {
    const auto ready = co_await of.readable(until);
    co_return ready.has_value();
  }
  static task<bool> is_writable(Stream& of, time_point until) {
    const auto ready = co_await of.writable(until);
    co_return ready.has_value();
  }

  /// What a frame is of a message.
  enum class message : std::uint8_t { whole, piece, end };

  task<result<void>> send(opcode type, std::string_view payload, message part) {
    core& my = *core_;
    auto held = co_await my.writing.lock();
    if (!held) co_return held.error();
    if (my.closing.load(std::memory_order_relaxed)) co_return std::make_error_code(std::errc::broken_pipe);
    if (my.in_pieces && part == message::whole) co_return std::make_error_code(std::errc::operation_in_progress);
    if (std::exchange(my.in_pieces, part == message::piece)) type = opcode::continuation;
    std::size_t phase = 0;
    const auto key = my.put_head(type, part != message::piece, payload.size());
    for (bool first = true; first || !payload.empty(); first = false) {
      const bool direct = !key && !first;  // a server's rest goes out as it lies
      const std::string_view piece = payload.substr(0, direct ? core::piece_bytes : core::joined_bytes);
      payload.remove_prefix(piece.size());
      if (!direct) my.put(piece, key, phase);
      phase += piece.size();
      const auto bytes = direct ? std::as_bytes(std::span(piece)) : my.out.bytes();
      const auto sent = co_await my.stream.write_all(bytes, my.now() + my.how.write, on_stop::finish);
      if (!sent) co_return my.broken(sent.error());
      my.sent();
    }
    held->unlock();
    if (my.owes()) (void)my.send_owed();  // the reader met the lock, and went on
    co_return result<void>();
  }

  task<result<void>> send_close(close_code code, std::string_view reason) {
    core& my = *core_;
    auto held = co_await my.writing.lock(on_stop::finish);
    if (!held) co_return held.error();
    if (my.closing.load(std::memory_order_relaxed)) co_return result<void>();
    char payload[125];
    std::size_t size = 0;
    if (code != close_code::no_status) {
      payload[0] = static_cast<char>(static_cast<unsigned>(code) >> 8);
      payload[1] = static_cast<char>(static_cast<unsigned>(code) & 0xff);
      if (!reason.empty()) std::memcpy(payload + 2, reason.data(), reason.size());
      size = 2 + reason.size();
    }
    my.put_control(opcode::close, {payload, size});
    my.close_until = my.now() + my.how.close;
    my.closing.store(true, std::memory_order_release);
    const auto sent = co_await my.stream.write_all(my.out.bytes(), my.close_until, on_stop::finish);
    if (!sent) co_return my.broken(sent.error());
    my.sent();
    co_return result<void>();
  }

  /// The end that the reader sees: says so to the other side, if that was not done, and lets it read that. A client
  /// waits for the server to close first, so that the port is not held on its side.
  task<bool> finish(close_code code, std::error_code why) {
    core& my = *core_;
    my.failure = why;
    const bool failed = why != std::errc::broken_pipe;
    const auto sent = co_await send_close(code, {});
    if (!sent) co_return false;
    const bool is_server = my.us == websocket_role::server;
    if ((is_server || failed) && !my.stream.shutdown_send()) co_return false;
    if (is_server && !failed) co_return true;
    std::byte room[512];
    for (std::size_t seen = 0; seen < core::piece_bytes;) {
      const auto n = co_await my.stream.read_some(room, my.close_until);
      if (!n || *n == 0) break;
      seen += *n;
    }
    co_return true;
  }

  std::unique_ptr<core> core_;
};

}  // namespace tenon::http
