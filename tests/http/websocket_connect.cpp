// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/websocket_connect.hpp>

#include "../net/wires.hpp"

#include <tenon/http/parser.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace std::chrono_literals;
namespace http = tenon::http;
using subject = tenon_test::wired<tenon::epoll, tenon::fifo, tenon::single_thread>;
using stream = subject::tcp_stream;

/// How the server answers a handshake.
enum class manner { properly, with_200, with_another_key, with_a_protocol_of_its_own };

tenon::task<void> serve(stream peer, manner how) {
  http::buffer in;
  http::buffer out;
  http::parser parser;
  http::request asked;
  for (;;) {
    const auto n = co_await peer.read_some(in.writable(4096));
    if (!n || *n == 0) co_return;
    in.commit(*n);
    const auto seen = parser.parse(in.readable(), http::limits{}, asked);
    EXPECT_FALSE(seen.is_failed());
    if (!seen.is_complete()) continue;
    constexpr std::string_view spoken[] = {"chat", "other"};
    auto verdict = http::accept_websocket(asked, spoken);
    if (how == manner::with_200) out.append("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    if (how == manner::with_another_key) verdict.accept[3] = verdict.accept[3] == 'x' ? 'y' : 'x';
    if (how == manner::with_a_protocol_of_its_own) verdict.protocol = "own";
    if (how != manner::with_200) verdict.write(out);
    if (how == manner::properly)
      out.append(
          std::string_view("\x81\x05"
                           "ahead",
                           7));  // before anybody asked
    const auto sent = co_await peer.write_all(out.bytes());
    EXPECT_TRUE(sent.has_value());
    in.consume(seen.bytes);
    break;
  }
  http::websocket<stream> ws(std::move(peer), http::websocket_role::server, std::move(in));
  for (;;) {
    const auto got = co_await ws.read();
    if (!got || got->is_close()) co_return;
    const auto sent = co_await ws.write(got->text());
    if (!sent) co_return;
  }
}

template <class Act>
void with_server(manner how, Act act) {
  tenon_test::run_wired<subject>(
      1,
      [](subject::runtime& rt, manner served, Act& body) -> tenon::task<void> {
        auto door = subject::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
        const std::string url = "ws://127.0.0.1:" + std::to_string(door.local_endpoint().port()) + "/chat?x=y";
        tenon::scope conns{rt};
        conns.spawn(
            [](subject::tcp_listener at, manner m, tenon::scope<subject::runtime>& in) -> tenon::task<void> {
              for (;;) {
                auto peer = co_await at.accept();
                if (!peer) co_return;
                in.spawn(serve, std::move(*peer), m);
              }
            },
            std::move(door), served, std::ref(conns));
        http::client<subject> web(rt);
        co_await body(web, url);
        EXPECT_EQ(web.idle(), 0U);
        conns.cancel();
        co_await conns.join();
      },
      how, act);
}

TEST(websocket_connect, talks_at_once_and_with_what_came_behind_the_handshake) {
  with_server(manner::properly, [](http::client<subject>& web, const std::string& url) -> tenon::task<void> {
    constexpr std::string_view protocols[] = {"soap", "chat"};
    const http::header more[] = {{"Origin", "http://here"}};
    auto ws = co_await http::websocket_connect(web, url, protocols, more);
    EXPECT_TRUE(ws.has_value()) << ws.error().message();
    if (!ws) co_return;
    EXPECT_EQ(ws->protocol(), "chat");
    auto got = co_await ws->read();
    EXPECT_EQ(got ? got->text() : "", "ahead");
    const auto sent = co_await ws->write("echo");
    EXPECT_TRUE(sent.has_value());
    got = co_await ws->read();
    EXPECT_EQ(got ? got->text() : "", "echo");
    const auto closed = co_await ws->close();
    EXPECT_TRUE(closed.has_value()) << closed.error().message();
  });
}

TEST(websocket_connect, takes_nothing_else_for_a_websocket) {
  for (const manner how : {manner::with_200, manner::with_another_key, manner::with_a_protocol_of_its_own}) {
    with_server(how, [](http::client<subject>& web, const std::string& url) -> tenon::task<void> {
      auto ws = co_await http::websocket_connect(web, url);
      EXPECT_EQ(ws.error(), http::client_errc::not_upgraded);
      web.close_idle();
    });
  }
}

}  // namespace
