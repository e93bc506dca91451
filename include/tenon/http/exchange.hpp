// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/on_stop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/http/body_reader.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/date_cache.hpp>
#include <tenon/http/desk.hpp>
#include <tenon/http/detail/exchange_end.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/response_writer.hpp>
#include <tenon/http/soon.hpp>
#include <tenon/http/status.hpp>
#include <tenon/http/upgraded.hpp>
#include <tenon/net/byte_stream.hpp>
#include <tenon/task/task.hpp>

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tenon::http {

/// One request and its answer, for a coroutine that reads the one and writes the other by pieces.
///
///     tenon::task<void> upload(tenon::http::exchange<edge::tcp_stream>& x) {
///       std::uint64_t bytes = 0;
///       std::array<std::byte, 4096> room;
///       for (;;) {
///         const auto n = co_await x.read_some(room);
///         if (!n) co_return;                               // 400, 408 or 413 is sent, as the case may be
///         if (*n == 0) break;
///         bytes += *n;
///       }
///       (void)co_await x.reply({.body = bytes > 0 ? "got it" : "nothing"});
///     }
///
/// Shape         Lives as long as the handler runs, as do the views of request(). The body is read when it is asked
///               for, and no sooner; what is written is sent before write() is over.
/// Answer        reply(), or begin(), any number of write(), and finish(). Without: 500, and 400, 408 or 413 where it
///               was the body that failed. A handler that throws: 500, or the end of the connection when a part is
///               sent.
///               What it leaves of the body is read and dropped, up to 256 KiB, else the connection ends.
/// Cost          The two frames of handler and exchange. What need not wait costs its system call and no frame.
/// Threads       One at a time: a handler reads and writes by turns.
/// Errors        read_some: bad_message (400), file_too_large (413), value_too_large (431), timed_out (408),
///               connection_reset, or the system's. write: operation_not_permitted when none has begun, message_size
///               beyond the announced length, timed_out when the client does not read, or the system's.
/// Cancellation  When the server drains, a handler goes on and its answer ends the connection; stop_token() tells one
///               whose answer has no end. After upgrade() a stop request reaches its waits as it reaches any other's.
/// Source        RFC 9110 section 10.1.1 (Expect), RFC 9112 sections 7 and 9.
template <byte_stream Stream>
class exchange {
 public:
  using stream = Stream;

  /// The parser at `at` has seen the head and nothing else. `waits`: what the handler's waits run in.
  exchange(Stream& peer, desk& at, const limits& limit, const http::patience& patience, environment& waits,
           const std::stop_source& drain)
      : runtime_(peer.runtime()),
        peer_(peer),
        desk_(at),
        body_(at.in, at.parser, limit),
        request_(head_of(at, limit)),
        writer_(at.out, reply_to(request_)),
        patience_(patience),
        left_(patience.body),
        env_(waits),
        drain_(drain),
        expects_(at.parser.take_continue()) {}
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  [[nodiscard]] const http::request& request() const noexcept { return request_; }
  [[nodiscard]] auto& runtime() const noexcept { return runtime_; }
  /// Whether the server drains, and a token that says when.
  [[nodiscard]] bool is_draining() const noexcept { return drain_.stop_requested(); }
  [[nodiscard]] std::stop_token stop_token() const noexcept { return drain_.get_token(); }
  /// What has been said so far; status{} when nothing has.
  [[nodiscard]] bool has_begun() const noexcept { return writer_.has_begun(); }
  [[nodiscard]] http::status status() const noexcept {
    if (is_upgraded_) return http::status::switching_protocols;
    return has_begun() ? writer_.status() : http::status{};
  }
  [[nodiscard]] std::uint64_t answered_bytes() const noexcept { return writer_.body_bytes(); }
  /// Whether nothing more can be said: the client has gone, or upgrade() gave the stream away.
  [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }
  /// What the body was refused with: ok when it was not.
  [[nodiscard]] http::status refusal() const noexcept {
    return body_.is_refused() ? body_.refusal() : is_late_ ? http::status::request_timeout : http::status::ok;
  }
  /// `look(of, head)` is called with each head before it is written, and may change it.
  void on_head(void (*look)(void*, response&), void* of) noexcept {
    look_ = look;
    looks_ = of;
  }

  /// What is answered goes through `by`: see http/coded_as.hpp.
  void code_with(detail::body_coding& by) noexcept { writer_.code_with(&by); }

  /// Reads what is there of the body, at least one byte; 0 is its end. `into` is not empty.
  [[nodiscard]] soon<result<std::size_t>> read_some(std::span<std::byte> into) {
    assert(!into.empty() && "tenon::http::exchange::read_some: no room; 0 would look like the end of the body");
    for (;;) {
      if (const std::size_t n = body_.take(into); n != 0 || body_.is_over()) return soon(result<std::size_t>(n));
      if (body_.is_refused()) return soon(result<std::size_t>(body_.error()));
      if (is_cut_) return soon(result<std::size_t>(std::errc::connection_reset));
      if (expects_ || is_turn_over()) return soon(read_slowly(into));
      const auto got = peer_.try_read_some(body_.wanted(into));
      if (!got && got.error() == std::errc::operation_would_block) return soon(read_slowly(into));
      if (!got || *got == 0) return soon(result<std::size_t>(lost(got)));
      refill(*got);
      if (const std::size_t n = body_.took(into, *got); n != 0) return soon(result<std::size_t>(n));
    }
  }

  /// All of the body; file_too_large, and 413, when it has more than `most` bytes.
  [[nodiscard]] task<result<buffer>> read_all(std::size_t most) {
    buffer all;
    for (;;) {
      const std::size_t rest = most - all.size();
      if (body_.least_bytes() > rest) break;
      const std::size_t step = rest < read_at_once ? rest + 1 : read_at_once;  // one more, to see that there is none
      const auto n = co_await read_some(all.writable(step).first(step));
      if (!n) co_return n.error();
      if (*n == 0) co_return std::move(all);
      if (*n > rest) break;
      all.commit(*n);
    }
    body_.refuse(http::status::content_too_large);
    co_return std::make_error_code(std::errc::file_too_large);
  }

  /// Answers, whole.
  [[nodiscard]] soon<result<void>> reply(const response& whole) {
    response said = whole;
    prepare(said);
    if (!writer_.whole(said, date())) return soon(result<void>(std::errc::operation_not_permitted));
    return flush();
  }

  /// Begins an answer of any length: chunked, or for HTTP/1.0 until the connection ends. It is sent with its first
  /// piece; an empty one will do.
  result<void> begin(const response& head) {
    response said = head;
    prepare(said);
    const bool is_first = !has_begun();
    if (!writer_.begin(said, date())) {
      return is_first && has_begun() ? std::errc::operation_not_supported : std::errc::operation_not_permitted;
    }
    return {};
  }
  /// Begins an answer of `bytes` bytes.
  result<void> begin(const response& head, std::uint64_t bytes) {
    response said = head;
    prepare(said);
    if (!writer_.begin(said, bytes, date())) return std::errc::operation_not_permitted;
    return {};
  }
  /// Sends a piece of it. One that lies in a file: http/send_file.hpp.
  [[nodiscard]] soon<result<void>> write(std::span<const std::byte> piece) {
    if (is_cut_) return soon(result<void>(std::errc::connection_reset));
    if (writer_.is_coded()) return writer_.put(piece) ? flush() : soon(result<void>(misuse()));
    if (!writer_.open(piece.size())) return soon(result<void>(misuse()));
    if (piece.empty() || !writer_.carries_body()) return flush();
    if (piece.size() > copied_bytes) return soon(write_slowly(piece));
    desk_.out.append(std::string_view(reinterpret_cast<const char*>(piece.data()), piece.size()));
    writer_.close();
    return flush();
  }
  [[nodiscard]] soon<result<void>> write(std::string_view piece) { return write(std::as_bytes(std::span(piece))); }
  /// Ends it, perhaps with a last piece.
  [[nodiscard]] soon<result<void>> finish(std::span<const std::byte> last = {}) {
    if (is_cut_) return soon(result<void>(std::errc::connection_reset));
    if (last.size() > copied_bytes && !writer_.is_coded()) return soon(finish_slowly(last));
    if (!writer_.put(last) || !writer_.finish()) return soon(result<void>(misuse()));
    return flush();
  }
  [[nodiscard]] soon<result<void>> finish(std::string_view last) { return finish(std::as_bytes(std::span(last))); }

  /// Answers 101, and gives the connection away: to `protocol`, with `more` headers.
  ///
  /// Errors  operation_not_permitted when an answer has begun, a body was sent along, or the request is HTTP/1.0;
  ///         invalid_argument when `protocol` is not a header's value.
  [[nodiscard]] task<result<upgraded<Stream>>> upgrade(std::string_view protocol, header_list more) {
    if (has_begun() || !body_.is_over() || request_.minor_version == 0) {
      co_return std::make_error_code(std::errc::operation_not_permitted);
    }
    if (protocol.empty() || !header_list::is_value(protocol)) {
      co_return std::make_error_code(std::errc::invalid_argument);
    }
    detail::write_upgrade(desk_.out, protocol, more);
    const auto sent = co_await flush();
    if (!sent) co_return sent.error();
    is_cut_ = is_upgraded_ = true;
    env_.stop = drain_;
    desk_.out.release();
    buffer ahead;  // the head stays where it is, for the handler and for who logs its request
    ahead.append(desk_.in.view().substr(body_.used()));
    co_return upgraded<Stream>(std::move(peer_), std::move(ahead));
  }

  /// The handler has ended, `failed` by an exception: what is missing is said, and the buffers are left as the next
  /// request needs them. For who runs handlers.
  [[nodiscard]] task<detail::exchange_end> conclude(bool failed) {
    using enum detail::exchange_end;
    look_ = nullptr;  // who looked has gone with the handler
    writer_.code_with(nullptr);
    if (is_cut_) co_return cut;
    if (!writer_.is_over()) {
      if (writer_.has_begun()) {
        if (has_sent_) co_return cut;
        desk_.out.clear();
        writer_.forget();
      }
      const http::status why =
          failed || refusal() == http::status::ok ? http::status::internal_server_error : refusal();
      const auto sent = co_await reply(error_response(why));
      if (!sent) co_return cut;
    }
    if (!desk_.out.empty()) {
      const auto sent = co_await flush();
      if (!sent) co_return cut;
    }
    if (!writer_.keeps_alive()) co_return ending;
    const auto room = desk_.out.writable(dropped_at_once);
    for (std::size_t dropped = 0; !body_.is_over();) {
      if (dropped > dropped_bytes) co_return ending;
      const auto n = co_await read_some(room);
      if (!n) co_return ending;
      dropped += *n;
    }
    desk_.in.consume(body_.used());
    desk_.parser.reset();
    co_return open;
  }

 private:
  template <class>
  friend struct file_piece;  // http/send_file.hpp
  static constexpr std::size_t read_at_once = 64 * 1024;
  static constexpr std::size_t copied_bytes = 16 * 1024;  // larger pieces are sent from where they lie
  static constexpr std::size_t written_at_once = 256 * 1024;
  static constexpr std::size_t refill_bytes = 64 * 1024;
  static constexpr std::size_t dropped_at_once = 16 * 1024;
  static constexpr std::size_t dropped_bytes = 256 * 1024;

  /// After body_ has made its room: the head lies still from now on.
  [[nodiscard]] static http::request head_of(desk& at, const limits& limit) noexcept {
    http::request out;
    const progress seen = at.parser.parse_head(at.in.readable(), limit, out);
    assert(seen.is_complete() && "tenon::http::exchange: the head has not been parsed");
    (void)seen;
    return out;
  }
  [[nodiscard]] std::errc misuse() const noexcept {
    return writer_.has_begun() && !writer_.is_over() ? std::errc::message_size : std::errc::operation_not_permitted;
  }
  [[nodiscard]] std::string_view date() noexcept { return date_.line(); }
  /// A handler that never has to wait lets the others run now and then: the stream sees to it.
  [[nodiscard]] static bool is_turn_over() noexcept {
    return ++tenon::detail::here().depth >= tenon::detail::transfer_depth;
  }

  /// Before a head is written.
  void prepare(response& head) {
    if (look_ != nullptr) look_(looks_, head);
    const bool is_left = !body_.is_over();
    const bool is_lost = refusal() != http::status::ok || expects_ || body_.least_bytes() > dropped_bytes;
    if (is_draining() || (is_left && is_lost)) writer_.close_after();
    expects_ = false;  // whoever has been answered is not asked to go on
  }

  std::error_code lost(const result<std::size_t>& got) noexcept {
    is_cut_ = true;
    return got ? std::make_error_code(std::errc::connection_reset) : got.error();
  }
  /// The time for the body is for 64 KiB of it.
  void refill(std::size_t bytes) noexcept {
    came_ += bytes;
    if (came_ < refill_bytes) return;
    came_ = 0;
    left_ = patience_.body;
  }

  task<result<std::size_t>> read_slowly(std::span<std::byte> into) {
    if (std::exchange(expects_, false)) {
      desk_.out.append(continue_line);
      const auto asked = co_await flush();
      has_sent_ = false;
      if (!asked) co_return asked.error();
    }
    for (;;) {
      const time_point before = runtime().now();
      const auto got = co_await peer_.read_some(body_.wanted(into), before + left_);
      if (!got && got.error() == std::errc::timed_out) {
        is_late_ = true;
        co_return got.error();
      }
      if (!got && got.error() == std::errc::operation_canceled) co_return got.error();
      if (!got || *got == 0) co_return lost(got);
      left_ -= runtime().now() - before;
      refill(*got);
      const std::size_t n = body_.took(into, *got);
      if (body_.is_refused()) co_return std::make_error_code(body_.error());
      if (n != 0 || body_.is_over()) co_return n;
    }
  }

  [[nodiscard]] soon<result<void>> flush() {
    if (is_cut_) return soon(result<void>(std::errc::connection_reset));
    if (desk_.out.empty()) return soon(result<void>());
    has_sent_ = true;
    if (!is_turn_over()) {
      const auto sent = peer_.try_write_some(desk_.out.bytes());
      if (!sent && sent.error() != std::errc::operation_would_block) {
        is_cut_ = true;
        return soon(result<void>(sent.error()));
      }
      if (sent) desk_.out.consume(*sent);
      if (desk_.out.empty()) return soon(result<void>());
    }
    return soon(write_slowly({}));
  }
  /// What has been buffered, and then `piece` from where it lies.
  task<result<void>> write_slowly(std::span<const std::byte> piece) {
    if (is_cut_) co_return std::make_error_code(std::errc::connection_reset);
    has_sent_ = true;
    if (!desk_.out.empty()) {
      const auto sent = co_await peer_.write_all(
          desk_.out.bytes(), tenon::detail::after(runtime().now(), patience_.answer), on_stop::finish);
      if (!sent) {
        is_cut_ = true;
        co_return sent.error();
      }
      desk_.out.clear();
    }
    const bool is_chunk = !piece.empty();
    while (!piece.empty()) {
      const auto part = piece.first(piece.size() < written_at_once ? piece.size() : written_at_once);
      const auto sent =
          co_await peer_.write_all(part, tenon::detail::after(runtime().now(), patience_.answer), on_stop::finish);
      if (!sent) {
        is_cut_ = true;
        co_return sent.error();
      }
      piece = piece.subspan(part.size());
    }
    if (is_chunk) writer_.close();
    co_return result<void>();
  }
  task<result<void>> finish_slowly(std::span<const std::byte> last) {
    const auto sent = co_await write(last);
    if (!sent) co_return sent.error();
    const auto ended = co_await finish();
    co_return ended;
  }

  std::remove_reference_t<decltype(std::declval<Stream&>().runtime())>& runtime_;  // for upgrade() takes the stream
  Stream& peer_;
  desk& desk_;
  body_reader body_;
  http::request request_;
  response_writer writer_;
  http::patience patience_;
  duration left_;         // for what is missing of the body, or for its next 64 KiB
  std::size_t came_ = 0;  // of these
  environment& env_;
  std::stop_source drain_;
  date_cache date_;
  void (*look_)(void*, response&) = nullptr;
  void* looks_ = nullptr;
  bool expects_;           // the client waits for 100 Continue
  bool is_late_ = false;   // with the body
  bool is_cut_ = false;    // nothing can be read or written any more
  bool has_sent_ = false;  // something of the answer
  bool is_upgraded_ = false;
};

}  // namespace tenon::http
