// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/desk.hpp>
#include <tenon/http/exchange.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/response.hpp>
#include <tenon/net/byte_stream.hpp>
#include <tenon/runtime/with_context.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/this_task.hpp>

#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <system_error>
#include <utility>

namespace tenon::http {

/// What a service says when it has been shown the buffer.
enum class verdict : std::uint8_t {
  more,      ///< the request is not whole yet
  again,     ///< one was answered; there may be another behind it
  close,     ///< one was answered, and it was the last
  exchange,  ///< the parser has its head: handle() answers it, and may read its body and write the answer by pieces
};

/// What a connection needs of the program that answers.
///
/// answer     Takes the next request from desk.in, if it is whole, and writes the answer to desk.out; or more
///            than one, while desk.out has less than desk::answer_bytes. `last`: the server drains, and the answer has
///            to say that the connection ends. What it throws ends the connection, and comes out of serve().
/// lend       A desk to work at, from the worker that runs; take_back returns it, perhaps on another worker.
template <class S>
concept service = requires(S& s, const S& fixed, desk& at, bool last) {
  { s.answer(at, last) } -> std::same_as<verdict>;
  { s.lend() } -> std::same_as<desk&>;
  { s.take_back(at) } noexcept -> std::same_as<void>;
  { fixed.patience() } -> std::convertible_to<http::patience>;
};

/// What a service has besides, whose answer() says verdict::exchange: after parser::parse_head() is complete, with
/// nothing taken from desk.in.
///
/// handle     Answers one request in a coroutine, whose frame is there for as long as that takes.
/// limits     What the body is held to; its head has been parsed already.
template <class S, class Stream>
concept exchanging = service<S> && requires(S& s, const S& fixed, exchange<Stream>& one) {
  { s.handle(one) } -> std::same_as<task<void>>;
  { fixed.limits() } -> std::convertible_to<http::limits>;
};

namespace detail {

/// A connection between two waits: plain code, so that none of its variables lies in the coroutine's frame. The stream
/// is handed over each time, for the coroutine has it already.
template <byte_stream Stream, service S>
class conversation {
 public:
  /// What has to be waited for next.
  enum class next : std::uint8_t {
    bytes,     ///< until the socket is readable, or until()
    room,      ///< until the rest of the answer is sent
    ending,    ///< until the peer has read the last answer
    handling,  ///< until a coroutine has answered
    nothing    ///< it is over
  };

  explicit conversation(S& with) noexcept : with_(with) {}
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;
  ~conversation() { put_back(); }

  /// How long the next bytes may take to come.
  [[nodiscard]] duration patience(Stream& peer) const noexcept {
    if (desk_ != nullptr) return desk_->until - peer.runtime().now();
    const http::patience most = with_.patience();
    return is_posting(peer) && most.answer < most.idle ? most.answer : most.idle;
  }
  [[nodiscard]] desk& in_hand() const noexcept { return *desk_; }

  /// The wait for bytes ended with `ready`. `last`: the server drains.
  [[nodiscard]] next heard(Stream& peer, const result<void>& ready, bool last) {
    if (!ready) {
      const bool is_late = ready.error() == std::errc::timed_out;
      const bool goes = is_late ? desk_ == nullptr : ready.error() == std::errc::operation_canceled;
      if (goes && is_posting(peer)) return last_words();
      if (goes || !is_late) return next::nothing;
      respond(desk_->out, error_response(status::request_timeout), {});
      open_ = false;
      return flush(peer);
    }
    fresh_ = desk_ == nullptr;
    if (fresh_) desk_ = &with_.lend();
    const std::size_t missing = desk_->parser.missing_bytes();
    const std::size_t most = missing < body_bytes ? missing : body_bytes;  // what was announced may never come
    const auto n = peer.try_read_some(desk_->in.writable(most > read_bytes ? most : read_bytes));
    if (!n) {
      if (n.error() != std::errc::operation_would_block) return next::nothing;
      if (fresh_) put_back();
      return next::bytes;
    }
    if (*n == 0) return is_posting(peer) ? last_words() : next::nothing;
    desk_->in.commit(*n);
    answered_ = false;
    return answer(peer, last);
  }

  /// A coroutine has answered, and all of that is sent. `open`: another request may come.
  void handled(bool open) noexcept {
    answered_ = true;
    in_body_ = false;
    open_ = open;
  }

  /// The rest of an answer has been sent.
  [[nodiscard]] next sent(Stream& peer, bool last) {
    desk_->out.clear();
    return open_ ? answer(peer, last) : next::ending;
  }

 private:
  static constexpr std::size_t read_bytes = 4096;
  static constexpr std::size_t body_bytes = 64 * 1024;

  /// Answers what is whole, and writes all of it at once.
  [[nodiscard]] next answer(Stream& peer, bool last) {
    verdict said = verdict::again;
    while (said == verdict::again) {
      said = with_.answer(*desk_, last);
      answered_ = answered_ || said != verdict::more;
      open_ = said != verdict::close;
      if (said == verdict::again && desk_->in.empty()) said = verdict::more;
      if (said == verdict::again && desk_->out.size() < desk::answer_bytes) continue;
      if (!desk_->out.empty()) {
        const next then = flush(peer);
        if (then != next::bytes) return then;
      }
    }
    if constexpr (exchanging<S, Stream>) {
      if (said == verdict::exchange) return next::handling;
    }
    assert(said != verdict::exchange && "tenon::http::serve: the service has no handle() and limits() for this stream");
    settle(peer);
    return next::bytes;
  }

  /// What is sent before the end is known to have gone; what is left to the loop may not have.
  [[nodiscard]] result<std::size_t> write(Stream& peer) {
    if constexpr (requires { peer.post_some(desk_->out.bytes()); }) {
      if (open_) return peer.post_some(desk_->out.bytes());
    }
    return peer.try_write_some(desk_->out.bytes());
  }
  [[nodiscard]] static bool is_posting(const Stream& peer) noexcept {
    if constexpr (requires { peer.is_posting(); }) return peer.is_posting();
    return false;
  }
  /// Nothing more is to be read, but the loop has still an answer to send.
  [[nodiscard]] next last_words() {
    if (desk_ == nullptr) desk_ = &with_.lend();
    desk_->out.clear();
    open_ = false;
    return next::room;
  }

  /// Writes what the socket takes: `bytes` when that was all of it.
  [[nodiscard]] next flush(Stream& peer) {
    const auto sent = write(peer);
    if (!sent && sent.error() != std::errc::operation_would_block) return next::nothing;
    if (sent) desk_->out.consume(*sent);
    if (!desk_->out.empty()) return next::room;
    return open_ ? next::bytes : next::ending;
  }

  /// Nothing more can be answered: an empty desk goes back, and a request that has begun gets its time.
  void settle(Stream& peer) noexcept {
    if (desk_->in.empty()) {
      put_back();
    } else if (fresh_ || answered_ || desk_->parser.is_in_body() != in_body_) {
      in_body_ = desk_->parser.is_in_body();
      const http::patience patience = with_.patience();
      desk_->until = tenon::detail::after(peer.runtime().now(), in_body_ ? patience.body : patience.head);
    }
  }

  void put_back() noexcept {
    if (desk_ == nullptr) return;
    desk_->in.clear();
    desk_->out.clear();
    desk_->parser.reset();
    with_.take_back(*desk_);
    desk_ = nullptr;
    in_body_ = false;
  }

  S& with_;
  desk* desk_ = nullptr;
  bool fresh_ = true;      // the desk was taken for what has just come
  bool answered_ = false;  // something of what has just come
  bool in_body_ = false;
  bool open_ = true;
};

/// Hears a connection for as long as all that it wants is bytes.
template <byte_stream Stream, service S>
struct listener {
  using next = typename conversation<Stream, S>::next;

  Stream& peer;
  conversation<Stream, S>& talk;
  const std::stop_token& stop;
  next wanted = next::bytes;

  [[nodiscard]] bool heard(const result<void>& ready) {
    wanted = talk.heard(peer, ready, stop.stop_requested());
    return wanted == next::bytes;
  }
  [[nodiscard]] duration patience() const noexcept { return talk.patience(peer); }
};

/// Sends what is left of an answer.
template <byte_stream Stream>
task<bool> send_rest(Stream& peer, const buffer& rest, duration limit) {
  const auto sent =
      co_await peer.write_all(rest.bytes(), tenon::detail::after(peer.runtime().now(), limit), on_stop::finish);
  co_return sent.has_value();
}

/// Closes so that the peer can read the last answer: bytes that nobody reads would make the kernel reset it.
template <byte_stream Stream>
task<bool> end(Stream& peer, duration limit) {
  if (!peer.shutdown_send()) co_return false;
  const time_point until = tenon::detail::after(peer.runtime().now(), limit);
  std::array<std::byte, 1024> room;
  for (std::size_t bytes = 0; bytes < 256 * 1024;) {
    const auto n = co_await peer.read_some(room, until);
    if (!n || *n == 0) break;
    bytes += *n;
  }
  co_return false;
}

/// Has a coroutine answer the request in hand.
template <byte_stream Stream, service S>
task<bool> hand_over(Stream& peer, conversation<Stream, S>& talk, S& with) {
  environment env = co_await this_task::detail::asks_whole();
  const std::stop_source drain = std::exchange(env.stop, std::stop_source(std::nostopstate));
  exchange<Stream> one(peer, talk.in_hand(), with.limits(), with.patience(), env, drain);
  bool failed = false;
#if defined(__cpp_exceptions)
  try {
#endif
    task<void> handler = with.handle(one);
    co_await tenon::detail::awaits_in<void>(handler, env);
#if defined(__cpp_exceptions)
  } catch (...) {  // the client is told, and it is the service that knows whom else to tell
    failed = true;
  }
#endif
  const auto after = co_await one.conclude(failed);
  if (after == exchange_end::cut) co_return false;
  talk.handled(after == exchange_end::open);
  co_return true;
}

/// Does what `wanted` says, in a frame of its own: a connection that need not wait for this pays no room for it.
template <byte_stream Stream, service S>
[[nodiscard]] task<bool> aside(Stream& peer, conversation<Stream, S>& talk, S& with,
                               typename conversation<Stream, S>::next wanted) {
  using next = typename conversation<Stream, S>::next;
  if constexpr (exchanging<S, Stream>) {
    if (wanted == next::handling) return hand_over<Stream, S>(peer, talk, with);
  }
  if (wanted == next::room) return send_rest(peer, talk.in_hand().out, with.patience().answer);
  return end(peer, with.patience().close);
}

}  // namespace detail

/// Serves one connection until it ends: reads, has `with` answer what is whole, writes all answers of one read at once.
///
///     conns.spawn(tenon::http::serve<edge::tcp_stream, gateway>, std::move(*peer), std::ref(here));
///
/// Cost          A request that is there when the socket is: a read and a write, no allocation. An idle connection
///               holds its coroutine and nothing else.
/// Errors        A client that is too slow gets 408 or is closed, as `patience` says. What a client does wrong ends its
///               connection alone.
/// Cancellation  A stop request ends an idle connection at once. A request in hand is answered first, with
///               "Connection: close"; one that has only begun to come is not waited for.
template <byte_stream Stream, service S>
task<void> serve(Stream peer, S& with) {
  using next = typename detail::conversation<Stream, S>::next;
  const std::stop_token stop = co_await this_task::stop_token();
  if constexpr (requires { peer.handshake(time_point{}); }) {  // it may have to wait for room, which watch() does not
    const auto shaken = co_await peer.handshake(tenon::detail::after(peer.runtime().now(), with.patience().head));
    if (!shaken) co_return;
  }
  detail::conversation<Stream, S> talk(with);
  detail::listener<Stream, S> ear{peer, talk, stop};
  while (ear.wanted != next::nothing) {
    if (ear.wanted == next::bytes) {
      if constexpr (requires { peer.watch(ear); }) {
        co_await peer.watch(ear);
      } else {
        const duration limit = ear.patience();
        const auto ready = co_await peer.readable(tenon::detail::after(peer.runtime().now(), limit));
        (void)ear.heard(ready);
      }
    } else {
      const bool sent = co_await detail::aside(peer, talk, with, ear.wanted);
      ear.wanted = sent ? talk.sent(peer, stop.stop_requested()) : next::nothing;
    }
  }
}

}  // namespace tenon::http
