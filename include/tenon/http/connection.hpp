// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/date_cache.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/parser.hpp>
#include <tenon/http/response.hpp>
#include <tenon/net/tcp_stream.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/this_task.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

namespace tenon::http {

/// How long a client may take. All of them end in the connection being closed.
struct patience {
  duration idle = std::chrono::seconds(60);    ///< between two requests: closed without a word
  duration head = std::chrono::seconds(10);    ///< from the first byte of a request to the end of its headers: 408
  duration body = std::chrono::seconds(30);    ///< from there to the end of the body: 408
  duration answer = std::chrono::seconds(30);  ///< to take the answer in
  duration close = std::chrono::seconds(2);    ///< to close its side, after an answer that ends the connection
};

/// What one connection works with while a request is in hand, and hands back when none is: an idle connection holds none.
struct desk {
  buffer in;
  buffer out;
  http::parser parser;
};

/// What a service says when it has been shown the buffer.
enum class verdict : std::uint8_t {
  more,   ///< the request is not whole yet
  again,  ///< one was answered; there may be another behind it
  close,  ///< one was answered, and it was the last
};

/// What a connection needs of the program that answers.
///
/// answer     Takes the next request from desk.in, if it is whole, and writes the answer to desk.out. `last`: the server
///            drains, and the answer has to say that the connection ends.
/// lend       A desk to work at, from the worker that runs; take_back returns it, perhaps on another worker.
template <class S>
concept service = requires(S& s, const S& fixed, desk& at, bool last) {
  { s.answer(at, last) } -> std::same_as<verdict>;
  { s.lend() } -> std::same_as<desk&>;
  { s.take_back(at) } noexcept -> std::same_as<void>;
  { fixed.patience() } -> std::convertible_to<http::patience>;
};

namespace detail {

/// Sends what is left of an answer. Apart, so that a connection that need not wait to write pays no room for the wait.
template <class R>
task<bool> send_rest(basic_tcp_stream<R>& peer, buffer& out, duration limit) {
  const auto sent = co_await peer.write_all(out.bytes(), peer.runtime().now() + limit, on_stop::finish);
  out.clear();
  co_return sent.has_value();
}

/// Closes so that the peer can read the last answer: bytes that nobody reads would make the kernel reset the connection.
template <class R>
task<void> close_gently(basic_tcp_stream<R>& peer, duration limit) {
  if (!peer.shutdown_send()) co_return;
  const time_point until = peer.runtime().now() + limit;
  std::array<std::byte, 1024> room;
  for (std::size_t bytes = 0; bytes < 256 * 1024;) {
    const auto n = co_await peer.read_some(room, until);
    if (!n || *n == 0) co_return;
    bytes += *n;
  }
}

/// A desk that goes back by itself.
template <service S>
class borrowed {
 public:
  explicit borrowed(S& from) noexcept : from_(from) {}
  borrowed(const borrowed&) = delete;
  borrowed& operator=(const borrowed&) = delete;
  ~borrowed() { put_back(); }

  [[nodiscard]] bool has() const noexcept { return desk_ != nullptr; }
  void take() {
    if (desk_ == nullptr) desk_ = &from_.lend();
  }
  void put_back() noexcept {
    if (desk_ == nullptr) return;
    desk_->in.clear();
    desk_->out.clear();
    desk_->parser.reset();
    from_.take_back(*desk_);
    desk_ = nullptr;
  }
  [[nodiscard]] desk& operator*() const noexcept { return *desk_; }
  [[nodiscard]] desk* operator->() const noexcept { return desk_; }

 private:
  S& from_;
  desk* desk_ = nullptr;
};

}  // namespace detail

/// Serves one connection until it ends: reads, has `with` answer what is whole, writes all answers of one read at once.
///
///     while (auto peer = co_await door.accept()) conns.spawn(tenon::http::serve<edge::runtime, gateway>, std::move(*peer), std::ref(here));
///
/// Cost          A request that is there when the socket is: a read and a write, no allocation. An idle connection holds
///               its coroutine and nothing else.
/// Errors        A client that is too slow gets 408 or is closed, as `patience` says. What a client does wrong ends its
///               connection alone.
/// Cancellation  A stop request ends an idle connection at once. A request in hand is answered first, with
///               "Connection: close"; one that has only begun to come is not waited for.
template <class R, service S>
task<void> serve(basic_tcp_stream<R> peer, S& with) {
  constexpr std::size_t read_bytes = 4096;
  constexpr std::size_t answer_bytes = 64 * 1024;  // written out before more is answered
  const http::patience patience = with.patience();
  detail::borrowed<S> desk(with);
  time_point until{};
  bool in_body = false;
  bool open = true;
  while (open) {
    const bool fresh = !desk.has();
    const auto ready = co_await peer.readable(fresh ? peer.runtime().now() + patience.idle : until);
    if (!ready) {
      if (fresh || ready.error() != std::errc::timed_out) break;
      respond(desk->out, error_response(status::request_timeout), {});
      open = false;
    } else {
      desk.take();
      const auto n = peer.try_read_some(desk->in.writable(std::max(read_bytes, desk->parser.missing_bytes())));
      if (!n) {
        if (n.error() != std::errc::operation_would_block) break;
        if (fresh) desk.put_back();
        continue;
      }
      if (*n == 0) break;
      desk->in.commit(*n);
    }

    const bool last = co_await this_task::stop_requested();
    bool answered = false;
    for (verdict said = open ? verdict::again : verdict::more; said == verdict::again;) {
      said = with.answer(*desk, last);
      answered = answered || said != verdict::more;
      open = said != verdict::close;
      if (said == verdict::again && desk->in.empty()) said = verdict::more;
      if (desk->out.empty() || (said == verdict::again && desk->out.size() < answer_bytes)) continue;
      const auto sent = peer.try_write_some(desk->out.bytes());
      if (!sent && sent.error() != std::errc::operation_would_block) co_return;
      if (sent) desk->out.consume(*sent);
      if (desk->out.empty()) continue;
      task<bool> rest = detail::send_rest(peer, desk->out, patience.answer);
      const bool whole = co_await std::move(rest);
      if (!whole) co_return;
    }
    if (!open) break;

    if (desk->in.empty()) {
      desk.put_back();
      in_body = false;
    } else if (fresh || answered || desk->parser.is_in_body() != in_body) {
      in_body = desk->parser.is_in_body();
      until = peer.runtime().now() + (in_body ? patience.body : patience.head);
    }
  }
  if (desk.has() && !desk->out.empty()) {
    task<bool> rest = detail::send_rest(peer, desk->out, patience.answer);
    (void)co_await std::move(rest);
  }
  if (!open) {
    desk.put_back();
    task<void> closing = detail::close_gently(peer, patience.close);
    co_await std::move(closing);
  }
}

}  // namespace tenon::http
