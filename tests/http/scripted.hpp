// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../runtime/ground.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A server that says what a test wrote down, however wrong it is, and remembers what it was told.

namespace scripted {

using namespace std::chrono_literals;

/// The answer to one request of a connection, and what happens then.
struct step {
  enum class then { keep, close, stall, reset };
  enum class in { one_piece, bytes };

  step(std::string text, then after = then::keep, in how = in::one_piece)
      : bytes(std::move(text)), next(after), pieces(how) {}

  std::string bytes;
  then next;
  in pieces;
};

inline std::string ok(std::string_view body, std::string_view more = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) + "\r\n" +
         std::string(body);
}

/// What is said on each connection in turn; the last one serves all that follow.
using script = std::vector<std::vector<step>>;

template <class R>
class server {
  using runtime = typename R::runtime;
  using stream = typename R::tcp_stream;

 public:
  server(runtime& rt, script says)
      : runtime_(rt), says_(std::move(says)), door_(R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value()), all_(rt) {
    port_ = door_.local_endpoint().port();
    all_.spawn([](server& self) { return self.accept(); }, std::ref(*this));
  }

  [[nodiscard]] std::string url(std::string_view target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
  }
  [[nodiscard]] tenon::task<void> stop() {
    all_.cancel();
    co_await all_.join();
  }

  std::vector<std::string> heard;  // each request, its body with it
  std::size_t connections = 0;
  bool reads_bodies = true;

 private:
  tenon::task<void> accept() {
    for (;;) {
      auto peer = co_await door_.accept();
      if (!peer) break;
      const std::size_t turn = connections++;
      all_.spawn([](server& self, stream with, std::size_t n) { return self.serve(std::move(with), n); },
                 std::ref(*this), std::move(*peer), turn);
    }
  }

  tenon::task<void> serve(stream peer, std::size_t turn) {
    const auto steps = says_[turn < says_.size() ? turn : says_.size() - 1];
    std::string in;
    for (const step& now : steps) {
      std::size_t size = 0;
      while (size == 0) {
        size = whole(in);
        if (size != 0) break;
        std::array<char, 65536> room;
        const auto n = co_await peer.read_some(std::as_writable_bytes(std::span(room)));
        if (!n || *n == 0) co_return;
        in.append(room.data(), *n);
      }
      heard.push_back(in.substr(0, size));
      in.erase(0, size);
      if (now.pieces == step::in::bytes) {
        for (const char& c : now.bytes) {
          const auto sent = co_await peer.write_all(std::as_bytes(std::span(&c, 1)));
          if (!sent) co_return;
          co_await tenon::yield();
        }
      } else {
        const auto sent = co_await peer.write_all(std::as_bytes(std::span(now.bytes)));
        if (!sent) co_return;
      }
      if (now.next == step::then::close) co_return;
      if (now.next == step::then::stall) {
        const bool slept = co_await tenon::sleep_for(60s);
        (void)slept;
        co_return;
      }
      if (now.next == step::then::reset) {
        const linger hard{1, 0};
        ::setsockopt(peer.native_handle(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        co_return;
      }
    }
  }

  /// How long the first request of `in` is; 0 when it is not whole.
  std::size_t whole(std::string_view in) const {
    const std::size_t end = in.find("\r\n\r\n");
    if (end == in.npos) return 0;
    const std::string_view head = in.substr(0, end);
    if (!reads_bodies) return in.size();
    if (head.find("chunked") != head.npos) {
      const std::size_t last = in.find("00000000\r\n\r\n", end);
      return last == in.npos ? 0 : last + 12;
    }
    const std::size_t at = head.find("Content-Length: ");
    const std::size_t body = at == head.npos ? 0 : std::stoul(std::string(head.substr(at + 16)));
    return in.size() >= end + 4 + body ? end + 4 + body : 0;
  }

  runtime& runtime_;
  script says_;
  typename R::tcp_listener door_;
  tenon::scope<runtime> all_;
  std::uint16_t port_ = 0;
};

/// Runs `act(rt, server)` against a server of that script; nothing is left open afterwards.
template <class R, class Act>
void against(script says, Act act) {
  {
    const R first;
  }
  const tenon_test::books kept;
  R rt;
  rt.run([](typename R::runtime& runtime, script lines, Act& body) -> tenon::task<void> {
    server<R> there(runtime, std::move(lines));
    co_await body(runtime, there);
    co_await there.stop();
  }(rt, std::move(says), act));
}

}  // namespace scripted
