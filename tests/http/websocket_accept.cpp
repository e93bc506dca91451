// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/websocket_accept.hpp>

#include "../runtime/ground.hpp"

#include <tenon/http/server.hpp>
#include <tenon/http/websocket_connect.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace http = tenon::http;

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, tenon_test::counted> {};
using exchange = http::exchange<subject::tcp_stream>;

constexpr bool is_ours(std::string_view origin) { return origin == "http://ours"; }

tenon::task<void> echo(exchange& x) {
  constexpr std::string_view protocols[] = {"echo"};
  auto ws = co_await http::websocket_accept(x, protocols, {}, is_ours);
  if (!ws) co_return;
  for (;;) {
    const auto got = co_await ws->read();
    if (!got || got->is_close()) break;
    const auto sent = co_await ws->write(got->text());
    if (!sent) break;
  }
}

template <class Act>
void with_server(Act act) {
  {
    const subject first;
  }
  const tenon_test::books kept;
  subject rt;
  rt.run([](subject::runtime& runtime, Act& body) -> tenon::task<void> {
    auto door = subject::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
    const std::string at = "http://127.0.0.1:" + std::to_string(door.local_endpoint().port());
    tenon::scope side{runtime};
    side.spawn(
        [](subject::runtime& where, subject::tcp_listener listens) -> tenon::task<void> {
          http::server site(where, http::application(http::get<"/echo">(echo)));
          const auto served = co_await site.serve(std::move(listens));
          EXPECT_TRUE(served.has_value());
        },
        std::ref(runtime), std::move(door));
    http::client<subject> web(runtime);
    co_await body(web, at);
    web.close_idle();
    side.cancel();
    co_await side.join();
  }(rt, act));
}

TEST(websocket_accept, takes_the_connection_over_from_an_exchange) {
  with_server([](http::client<subject>& web, std::string at) -> tenon::task<void> {
    at += "/echo";
    constexpr std::string_view protocols[] = {"other", "echo"};
    auto ws = co_await http::websocket_connect(web, at, protocols);
    EXPECT_TRUE(ws.has_value()) << ws.error().message();
    if (!ws) co_return;
    EXPECT_EQ(ws->protocol(), "echo");
    for (const std::size_t size : {0U, 5U, 70'000U}) {
      const std::string said(size, 'e');
      const auto sent = co_await ws->write(said);
      EXPECT_TRUE(sent.has_value());
      const auto got = co_await ws->read();
      EXPECT_TRUE(got && got->text() == said);
    }
    const auto closed = co_await ws->close();
    EXPECT_TRUE(closed.has_value()) << closed.error().message();
  });
}

TEST(websocket_accept, answers_what_is_no_handshake_and_keeps_the_connection) {
  with_server([](http::client<subject>& web, std::string at) -> tenon::task<void> {
    at += "/echo";
    const std::string url = at;
    auto plain = co_await web.get(url);
    EXPECT_TRUE(plain && plain->status() == http::status::bad_request);
    const http::header theirs[] = {{"Origin", "http://evil"}};
    auto ws = co_await http::websocket_connect(web, at, {}, theirs);
    EXPECT_EQ(ws.error(), http::client_errc::not_upgraded);
    const http::header ours[] = {{"Origin", "http://ours"}};
    ws = co_await http::websocket_connect(web, at, {}, ours);
    EXPECT_TRUE(ws.has_value());
    if (!ws) co_return;
    const auto sent = co_await ws->write("left open");  // the server's stop ends it
    EXPECT_TRUE(sent.has_value());
  });
}

}  // namespace
