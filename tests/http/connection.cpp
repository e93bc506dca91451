// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/connection.hpp>

#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace http = tenon::http;

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};

/// Answers each request with its path and body, and counts its desks.
struct repeating {
  http::patience times;
  std::vector<std::unique_ptr<http::desk>> desks;
  int lent = 0;
  int most_lent = 0;

  [[nodiscard]] http::patience patience() const { return times; }
  [[nodiscard]] http::desk& lend() {
    most_lent = std::max(most_lent, ++lent);
    if (desks.empty()) desks.push_back(std::make_unique<http::desk>());
    http::desk& desk = *desks.back().release();
    desks.pop_back();
    return desk;
  }
  void take_back(http::desk& desk) noexcept {
    --lent;
    desks.emplace_back(&desk);
  }
  http::verdict answer(http::desk& at, bool last) {
    http::request asked;
    const http::progress seen = at.parser.parse(at.in.readable(), http::limits{}, asked);
    if (seen.is_more()) {
      at.in.truncate(seen.bytes);
      return http::verdict::more;
    }
    if (seen.is_failed()) {
      http::respond(at.out, http::error_response(seen.status), {});
      return http::verdict::close;
    }
    asked.keep_alive = asked.keep_alive && !last;
    const std::string body = std::string(asked.path) + std::string(asked.body);
    http::respond(at.out, {.to = asked, .content_type = "text/plain", .body = body}, {});
    at.in.consume(seen.bytes);
    return asked.keep_alive ? http::verdict::again : http::verdict::close;
  }
};
static_assert(http::service<repeating>);

std::string answer_to(std::string_view body, std::string_view more = "") {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more) + "\r\n" + std::string(body);
}

tenon::task<void> accept_all(subject::runtime& rt, subject::tcp_listener door, repeating& service) {
  tenon::scope conns{rt};
  while (auto peer = co_await door.accept()) {
    conns.spawn(http::serve<subject::tcp_stream, repeating>, std::move(*peer), std::ref(service));
  }
  co_await conns.join();
}

/// What comes until the other side closes.
tenon::task<std::string> read_all(subject::tcp_stream& peer) {
  std::string got;
  std::array<char, 4096> room;
  for (;;) {
    const auto n = co_await peer.read_some(std::as_writable_bytes(std::span(room)), peer.runtime().now() + 5s);
    if (!n || *n == 0) break;
    got.append(room.data(), *n);
  }
  co_return got;
}

tenon::task<bool> say(subject::tcp_stream& peer, std::string_view text) {
  const auto sent = co_await peer.write_all(std::as_bytes(std::span(text)), peer.runtime().now() + 5s);
  co_return sent.has_value();
}

/// Runs `act(rt, where)` against a served `service`.
template <class Act>
void with_server(repeating& service, Act act) {
  subject rt;
  rt.run([](subject::runtime& runtime, repeating& served, Act& body) -> tenon::task<void> {
    auto door = subject::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
    const tenon::endpoint at = door.local_endpoint();
    runtime.spawn(accept_all, std::ref(runtime), std::move(door), std::ref(served));
    co_await body(runtime, at);
    runtime.request_stop();
  }(rt, service, act));
  EXPECT_EQ(service.lent, 0) << "every desk came back";
}

TEST(connection, answers_pipelined_requests_in_order_and_closes_when_asked_to) {
  repeating service;
  with_server(service, [](subject::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = (co_await subject::tcp_stream::connect(rt, at)).value();
    const bool said = co_await say(peer,
                                   "GET /a HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3"
                                   "\r\n\r\nxyzGET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(said);
    const std::string got = co_await read_all(peer);
    EXPECT_EQ(got, answer_to("/a") + answer_to("/bxyz") + answer_to("/c", "Connection: close\r\n"));
  });
}

TEST(connection, takes_a_request_that_comes_byte_by_byte) {
  repeating service;
  with_server(service, [](subject::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = (co_await subject::tcp_stream::connect(rt, at)).value();
    constexpr std::string_view text =
        "PUT /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    for (const char& byte : text) {
      const bool said = co_await say(peer, {&byte, 1});
      EXPECT_TRUE(said);
      co_await tenon::yield();
    }
    const std::string got = co_await read_all(peer);
    EXPECT_EQ(got, answer_to("/slowok", "Connection: close\r\n"));
  });
}

TEST(connection, holds_no_desk_while_it_is_idle) {
  repeating service;
  with_server(service, [&service](subject::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    std::vector<subject::tcp_stream> peers;
    for (int i = 0; i < 20; ++i) {
      auto made = co_await subject::tcp_stream::connect(rt, at);
      peers.push_back(std::move(made).value());
      const bool said = co_await say(peers.back(), "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_TRUE(said);
      std::array<char, 256> room;
      const auto n = co_await peers.back().read_some(std::as_writable_bytes(std::span(room)), rt.now() + 5s);
      EXPECT_EQ(std::string_view(room.data(), n ? *n : 0), answer_to("/x"));
      EXPECT_EQ(service.lent, 0);
    }
    EXPECT_EQ(service.most_lent, 1);
  });
}

TEST(connection, answers_408_to_a_head_that_does_not_end_and_says_nothing_to_silence) {
  repeating service;
  service.times.idle = 60ms;
  service.times.head = 30ms;
  service.times.close = 10ms;
  with_server(service, [](subject::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto slow = (co_await subject::tcp_stream::connect(rt, at)).value();
    auto silent = (co_await subject::tcp_stream::connect(rt, at)).value();
    const bool said = co_await say(slow, "GET /a HTTP/1.1\r\nHo");
    EXPECT_TRUE(said);
    const std::string answer = co_await read_all(slow);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
    EXPECT_NE(answer.find("Connection: close\r\n"), answer.npos);
    const std::string nothing = co_await read_all(silent);
    EXPECT_EQ(nothing, "");
  });
}

TEST(connection, a_bad_request_is_answered_and_ends_its_connection_alone) {
  repeating service;
  service.times.close = 10ms;
  with_server(service, [](subject::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto bad = (co_await subject::tcp_stream::connect(rt, at)).value();
    auto good = (co_await subject::tcp_stream::connect(rt, at)).value();
    const bool said = co_await say(bad, " / HTTP/1.1\r\n\r\n" + std::string(100'000, 'x'));
    (void)said;  // the server may have closed meanwhile
    const std::string refused = co_await read_all(bad);
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 400 ")) << refused;
    const bool asked = co_await say(good, "GET /good HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(asked);
    const std::string answer = co_await read_all(good);
    EXPECT_EQ(answer, answer_to("/good", "Connection: close\r\n"));
  });
}

TEST(connection, a_large_answer_waits_for_a_slow_reader_and_is_finished_in_spite_of_a_stop) {
  repeating service;
  const std::string body(900'000, 'b');
  with_server(service, [&body](subject::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = (co_await subject::tcp_stream::connect(rt, at)).value();
    const std::string ask =
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    const std::string all = ask + ask + ask + ask;
    tenon::task<bool> saying = say(peer, all);
    tenon::task<std::string> reading = [](subject::runtime& runtime,
                                          subject::tcp_stream& from) -> tenon::task<std::string> {
      co_await tenon::sleep_for(50ms);  // by now the server waits for room
      std::string got;
      std::array<char, 65536> room;
      const std::size_t wanted = 4 * answer_to("/" + std::string(900'000, 'b')).size();
      while (got.size() < wanted) {
        const auto n = co_await from.read_some(std::as_writable_bytes(std::span(room)), runtime.now() + 5s);
        if (!n || *n == 0) break;
        got.append(room.data(), *n);
      }
      co_return got;
    }(rt, peer);
    auto [said, got] = co_await tenon::when_all(std::move(saying), std::move(reading));
    EXPECT_TRUE(said);
    const std::string one = answer_to("/" + body);
    EXPECT_TRUE(got == one + one + one + one) << got.size();
  });
}

}  // namespace
