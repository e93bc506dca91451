// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/server.hpp>

#include "served.hpp"

#include <tenon/net/unix_listener.hpp>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

using namespace served;

constexpr std::string_view close_line = "Connection: close\r\n";

std::string answer(std::string_view first, std::string_view type, std::string_view body, std::string_view more = {}) {
  return "HTTP/1.1 " + std::string(first) + "\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) + "\r\n" + std::string(body);
}

/// Runs `act(rt, where)` while `app` is served, and drains.
template <class R, class App, class Act>
void with_site(const App& app, Act act, const http::server_settings& settings = {.patience = {.close = 20ms}}) {
  const std::size_t before = descriptors();
  {
    R rt;
    rt.run([](R& runtime, const App& pages, Act& body, const http::server_settings& with) -> tenon::task<void> {
      auto door = R::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
      const tenon::endpoint at = door.local_endpoint();
      http::server site(runtime, pages, with);
      auto serving = [](auto& here, typename R::tcp_listener taken) -> tenon::task<bool> {
        const auto served = co_await here.serve(std::move(taken));
        co_return served.has_value();
      };
      auto asking = [](R& at_rt, Act& asks, tenon::endpoint where) -> tenon::task<bool> {
        co_await asks(at_rt, where);
        at_rt.request_stop();
        co_return true;
      };
      tenon::task<bool> server = serving(site, std::move(door));
      tenon::task<bool> client = asking(runtime, body, at);
      const auto [drained, asked] = co_await tenon::when_all(std::move(server), std::move(client));
      EXPECT_TRUE(drained && asked);
    }(rt, app, act, settings));
  }
  EXPECT_EQ(descriptors(), before);
}

template <class R, class App>
std::string ask(const App& app, std::string_view text,
                const http::server_settings& settings = {.patience = {.close = 20ms}}) {
  std::string got;
  with_site<R>(
      app,
      [&](R& rt, tenon::endpoint at) -> tenon::task<void> {
        auto peer = co_await connect<R>(rt, at);
        const bool said = co_await say(peer, text);
        EXPECT_TRUE(said);
        got = co_await read_all(peer);
      },
      settings);
  return dateless(std::move(got));
}

template <class R>
class server : public ::testing::Test {};
TYPED_TEST_SUITE(server, runtimes);

template <class R>
tenon::task<void> copy(http::context& c, http::exchange<typename R::tcp_stream>& x) {
  const auto begun = x.begin({.content_type = "x/y"});
  EXPECT_TRUE(begun);
  const auto name = co_await x.write(c["name"]);
  EXPECT_TRUE(name);
  std::array<std::byte, 64> room;
  for (;;) {
    const auto n = co_await x.read_some(room);
    if (!n) co_return;
    if (*n == 0) break;
    const auto sent = co_await x.write(std::span(room).first(*n));
    EXPECT_TRUE(sent);
  }
  const auto sent = co_await x.finish();
  EXPECT_TRUE(sent);
}

template <class R>
auto site() {
  return http::application(
      http::get<"/">([](http::context& c) { return c.text("root"); }),
      http::put<"/echo">([](http::context& c) { return c.text(c.request().body); }), http::put<"/copy/{name}">(copy<R>),
      http::get<"/throw">([](http::context&) -> http::response { throw std::runtime_error("on purpose"); }),
      http::put<"/fail">([](http::exchange<typename R::tcp_stream>&) -> tenon::task<void> {
        throw std::runtime_error("on purpose, later");
        co_return;
      }),
      http::get<"/silent">([](http::exchange<typename R::tcp_stream>&) -> tenon::task<void> { co_return; }));
}

TYPED_TEST(server, plain_and_streamed_routes_answer_on_one_connection_in_order) {
  const std::string text = "text/plain; charset=utf-8";
  EXPECT_EQ(ask<TypeParam>(site<TypeParam>(),
                           "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
                           "PUT /copy/%41b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz"
                           "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nuv\r\n0\r\n\r\n"
                           "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n!"
                           "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"
                           "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
            answer("200 OK", text, "root") +
                "HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nAb\r\n3\r\nxyz\r\n"
                "0\r\n\r\n" +
                answer("200 OK", text, "uv") +
                answer("405 Method Not Allowed", text, "Method Not Allowed", "Allow: GET, HEAD\r\n") +
                answer("404 Not Found", text, "Not Found") +
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n"
                "Connection: close\r\n\r\n");
}

TYPED_TEST(server, what_is_thrown_or_not_answered_is_500_and_nothing_reaches_the_connection) {
  const std::string error = answer("500 Internal Server Error", "text/plain; charset=utf-8", "Internal Server Error");
  EXPECT_EQ(ask<TypeParam>(site<TypeParam>(),
                           "GET /throw HTTP/1.1\r\nHost: h\r\n\r\n"
                           "PUT /fail HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nno"
                           "GET /silent HTTP/1.1\r\nHost: h\r\n\r\n"
                           "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
            error + error + error + answer("200 OK", "text/plain; charset=utf-8", "root", close_line));
}

/// Heads that come again are not looked at again: whatever came before, each is answered as it is answered alone.
TYPED_TEST(server, a_request_is_answered_the_same_whatever_came_before_it) {
  static const std::string long_text(7'000, 'l');
  using x = http::exchange<typename TypeParam::tcp_stream>;
  const http::application pages(
      http::get<"/">([](http::context& c) { return c.text("root"); }),
      http::get<"/users/{id}">([](http::context& c) { return c.text(c["id"], ' ', c.request().query); }),
      http::put<"/echo">([](http::context& c) { return c.text(c.request().body, c.request().headers.contains("x")); }),
      http::get<"/long">([](http::context&) { return http::response{.body = long_text}; }),
      http::get<"/throw">([](http::context&) -> http::response { throw std::runtime_error("on purpose"); }),
      http::get<"/streamed">([](x& one) -> tenon::task<void> {
        const auto sent = co_await one.reply({.body = "later"});
        EXPECT_TRUE(sent);
      }));
  const std::string host = " HTTP/1.1\r\nHost: h\r\n";
  const std::array<std::string, 12> asked{
      "GET /" + host + "\r\n",
      "HEAD /" + host + "\r\n",
      "POST /" + host + "Content-Length: 0\r\n\r\n",
      "GET /users/abc?q" + host + "\r\n",
      "GET /users/abd?q" + host + "\r\n",
      "GET /users/a%62d?q" + host + "\r\n",
      "PUT /echo" + host + "X: y\r\nContent-Length: 2\r\n\r\nuv",
      "PUT /echo" + host + "Content-Length: 0\r\n\r\n",
      "GET /long" + host + "\r\n",
      "GET /throw" + host + "\r\n",
      "GET /streamed" + host + "\r\n",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  };
  const std::string last = "GET /nowhere" + host + "Connection: close\r\n\r\n";
  const std::string end = ask<TypeParam>(pages, last);
  std::array<std::string, asked.size()> alone;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    alone[i] = ask<TypeParam>(pages, asked[i] + last);
    ASSERT_TRUE(alone[i].ends_with(end));
    alone[i].resize(alone[i].size() - end.size());
  }
  std::uint32_t random = 5;
  const auto below = [&](std::size_t n) { return (random = random * 1664525U + 1013904223U) / 65536U % n; };
  with_site<TypeParam>(pages, [&](TypeParam& rt, tenon::endpoint at) -> tenon::task<void> {
    for (int connection = 0; connection < 20; ++connection) {
      std::string all, expected;
      std::size_t which = 0;
      for (int i = 0; i < 60; ++i) {
        if (below(3) == 0) which = below(asked.size());
        all += asked[which];
        expected += alone[which];
      }
      auto peer = co_await connect<TypeParam>(rt, at);
      const std::size_t half = below(all.size());
      const bool said = co_await say(peer, all.substr(0, half));
      EXPECT_TRUE(said);
      const bool rest = co_await say(peer, all.substr(half) + last);
      EXPECT_TRUE(rest);
      std::string got = co_await read_all(peer);
      EXPECT_EQ(dateless(std::move(got)), expected + end);
    }
  });
}

TYPED_TEST(server, stages_guard_change_and_log_plain_and_streamed_answers_alike) {
  using x = http::exchange<typename TypeParam::tcp_stream>;
  std::vector<std::string> log;
  const http::application pages(http::get<"/plain">([](http::context& c) { return c.text("p"); }),
                                http::get<"/streamed">([](x& one) -> tenon::task<void> {
                                  const auto begun = one.begin({}, 2);
                                  EXPECT_TRUE(begun);
                                  const auto sent = co_await one.finish("st");
                                  EXPECT_TRUE(sent);
                                }),
                                http::get<"/secret">([](x&) -> tenon::task<void> {
                                  ADD_FAILURE() << "the guard let it through";
                                  co_return;
                                }),
                                http::before([](http::context& c) -> std::optional<http::response> {
                                  if (c.request().path != "/secret") return std::nullopt;
                                  return c.error(http::status::forbidden);
                                }),
                                http::after([](const http::context& c, http::response& reply) {
                                  EXPECT_TRUE(reply.headers.add("X-Path", c.request().path));
                                }),
                                http::on_error([](http::context& c, const http::failure& why) {
                                  return c.json("{\"error\":", http::quoted(why.what), "}");
                                }),
                                http::on_answered([&log](const http::context& c) {
                                  EXPECT_GT(c.at(http::phase::received), tenon::time_point{});
                                  EXPECT_LE(c.at(http::phase::received), c.at(http::phase::routed));
                                  EXPECT_LE(c.at(http::phase::routed), c.at(http::phase::handled));
                                  EXPECT_LE(c.at(http::phase::handled), c.at(http::phase::answered));
                                  EXPECT_EQ(c.id(), log.size() + 1);
                                  log.push_back(std::string(c.request().path) + " " +
                                                std::to_string(code_of(c.status())) + " " +
                                                std::to_string(c.answered_bytes()));
                                }));
  const std::string text = "text/plain; charset=utf-8";
  const std::string got =
      ask<TypeParam>(pages,
                     "GET /plain HTTP/1.1\r\nHost: h\r\n\r\nGET /streamed HTTP/1.1\r\nHost: h\r\n\r\n"
                     "GET /secret HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\n\r\n"
                     "GARBAGE\r\n\r\n");
  EXPECT_EQ(got, answer("200 OK", text, "p", "X-Path: /plain\r\n") +
                     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Path: /streamed\r\n\r\nst" +
                     answer("403 Forbidden", text, "Forbidden", "X-Path: /secret\r\n") +
                     answer("404 Not Found", "application/json", "{\"error\":\"Not Found\"}", "X-Path: /none\r\n") +
                     answer("400 Bad Request", "application/json", "{\"error\":\"Bad Request\"}",
                            std::string(close_line) + "X-Path: \r\n"));
  const std::vector<std::string> expected{"/plain 200 1", "/streamed 200 2", "/secret 403 9", "/none 404 21",
                                          " 400 23"};
  EXPECT_EQ(log, expected);
}

TYPED_TEST(server, what_a_stage_throws_does_not_reach_the_connection_either) {
  const http::application pages(http::get<"/">([](http::context& c) { return c.text("root"); }),
                                http::get<"/after">([](http::context& c) { return c.text("root"); }),
                                http::after([](const http::context& c, http::response&) {
                                  if (c.request().path == "/after") throw std::runtime_error("after");
                                }),
                                http::on_answered([](const http::context&) { throw std::runtime_error("answered"); }));
  const std::string text = "text/plain; charset=utf-8";
  EXPECT_EQ(
      ask<TypeParam>(pages,
                     "GET /after HTTP/1.1\r\nHost: h\r\n\r\n"
                     "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
      answer("500 Internal Server Error", text, "Internal Server Error") + answer("200 OK", text, "root", close_line));
}

TYPED_TEST(server, what_cannot_be_written_is_500_and_says_of_the_connection_what_becomes_of_it) {
  const http::application pages(http::get<"/">([](http::context& c) { return c.text("root"); }),
                                http::get<"/careless">([](http::context&) {
                                  return http::response{.content_type = "text/plain\r\nX: y", .body = "split"};
                                }));
  const std::string text = "text/plain; charset=utf-8";
  const std::string careless = "GET /careless HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string error = answer("500 Internal Server Error", text, "Internal Server Error");
  EXPECT_EQ(ask<TypeParam>(pages, careless + careless + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
            error + error + answer("200 OK", text, "root", close_line));
}

TYPED_TEST(server, what_an_exception_says_lives_until_it_is_answered) {
  const std::string what(100, 'w');
  const http::application pages(
      http::get<"/">([&what](http::context&) -> http::response { throw std::runtime_error(what); }),
      http::on_error([](http::context&, const http::failure& why) { return http::response{.body = why.what}; }));
  const std::string got = ask<TypeParam>(pages, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 500 ") && got.ends_with("\r\n\r\n" + what)) << got;
}

TYPED_TEST(server, a_plain_route_holds_little_and_a_streamed_one_takes_more) {
  http::server_settings settings{.limits = {.body_bytes = 10}, .patience = {.close = 20ms}, .streamed_body_bytes = 100};
  const auto put = [](std::string_view path, std::size_t bytes) {
    return "PUT " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(bytes) +
           "\r\n\r\n" + std::string(bytes, 'b');
  };
  const auto chunked = [](std::string_view path, std::size_t bytes) {
    return "PUT " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
           std::string(bytes == 11 ? "b" : "63") + "\r\n" + std::string(bytes, 'b') + "\r\n0\r\n\r\n";
  };
  const auto site_of = [](const std::string& got) { return got.substr(0, 12); };
  EXPECT_EQ(site_of(ask<TypeParam>(site<TypeParam>(), put("/echo", 11), settings)), "HTTP/1.1 413");
  EXPECT_EQ(site_of(ask<TypeParam>(site<TypeParam>(), chunked("/echo", 11), settings)), "HTTP/1.1 413");
  EXPECT_EQ(site_of(ask<TypeParam>(site<TypeParam>(), put("/copy/x", 101), settings)), "HTTP/1.1 413");
  const std::string both = ask<TypeParam>(
      site<TypeParam>(), put("/copy/x", 100) + chunked("/copy/y", 99) + put("/echo", 10) + put("/echo", 11), settings);
  EXPECT_TRUE(both.starts_with("HTTP/1.1 200 OK")) << both;
  EXPECT_NE(both.find("0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: x/y"), both.npos) << both;
  EXPECT_NE(both.find("bbbbbbbbbbHTTP/1.1 413"), both.npos) << both;
}

TEST(server_doors, one_application_is_served_at_any_door) {
  using R = on_epoll;
  const http::application pages(http::get<"/">([](http::context& c) { return c.text("through the wall"); }));
  char folder[] = "/tmp/tenon-http-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/door";
  R rt;
  const std::string got = rt.run([](R& runtime, const auto& app, std::string at) -> tenon::task<std::string> {
    auto door = R::unix_listener::bind(runtime, tenon::unix_endpoint(at)).value();
    http::server site(runtime, app);
    auto serving = [](auto& here, R::unix_listener taken) -> tenon::task<bool> {
      const auto served = co_await here.serve(std::move(taken));
      co_return served.has_value();
    };
    auto asking = [](R& at_rt, std::string where) -> tenon::task<std::string> {
      auto made = co_await R::unix_stream::connect(at_rt, tenon::unix_endpoint(where), at_rt.now() + 5s);
      R::unix_stream peer = std::move(made).value();
      const bool said = co_await say(peer, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
      EXPECT_TRUE(said);
      std::string all = co_await read_all(peer);
      at_rt.request_stop();
      co_return all;
    };
    tenon::task<bool> server = serving(site, std::move(door));
    tenon::task<std::string> client = asking(runtime, at);
    auto [drained, all] = co_await tenon::when_all(std::move(server), std::move(client));
    EXPECT_TRUE(drained);
    co_return all;
  }(rt, pages, path));
  EXPECT_EQ(dateless(got), answer("200 OK", "text/plain; charset=utf-8", "through the wall", close_line));
  ::unlink(path.c_str());
  ::rmdir(folder);
}

struct epoll_threads : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
#if TENON_WITH_IO_URING
struct ring_threads : tenon::runtime<tenon::io_uring<>, tenon::stealing<>> {
  using runtime::runtime;
};
using threaded = ::testing::Types<epoll_threads, ring_threads>;
#else
using threaded = ::testing::Types<epoll_threads>;
#endif

/// A client that blocks, on a thread of its own: what it waits for is not cancelled by the server's stop.
class blocking_client {
 public:
  explicit blocking_client(tenon::endpoint at) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = at.to_native().value();
    const timeval limit{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(fd_.get(), address.data(), address.size), 0);
  }
  void say(std::string_view text) const {
    EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  /// What comes until the other side closes.
  [[nodiscard]] std::string rest() const {
    std::string got;
    std::array<char, 4096> room;
    for (ssize_t n = 0; (n = ::recv(fd_.get(), room.data(), room.size(), 0)) > 0;) {
      got.append(room.data(), static_cast<std::size_t>(n));
    }
    return dateless(std::move(got));
  }

 private:
  tenon::unique_fd fd_;
};

void wait_for(const std::atomic<int>& count, int wanted) {
  for (int seen = count.load(); seen < wanted; seen = count.load()) count.wait(seen);
}

template <class R>
class server_drain : public ::testing::Test {};
TYPED_TEST_SUITE(server_drain, threaded);

TYPED_TEST(server_drain, answers_what_is_in_flight_and_then_closes) {
  using R = TypeParam;
  using x = http::exchange<typename R::tcp_stream>;
  constexpr int each = 10;
  std::atomic<int> in_flight = 0;
  const auto arrived = [&in_flight] {
    ++in_flight;
    in_flight.notify_all();
  };
  const auto stopped = [](x& one) -> tenon::task<void> {
    while (!one.is_draining()) co_await tenon::sleep_for(1ms);
  };
  const http::application pages(http::get<"/">([](http::context& c) { return c.text("idle"); }),
                                http::put<"/upload">([&](x& one) -> tenon::task<void> {
                                  std::array<std::byte, 5> room;
                                  const auto first = co_await one.read_some(room);
                                  EXPECT_TRUE(first);
                                  arrived();
                                  const auto rest = co_await one.read_all(100);
                                  EXPECT_TRUE(rest);
                                  const auto sent =
                                      co_await one.reply({.content_type = "a/b", .body = rest ? rest->view() : ""});
                                  EXPECT_TRUE(sent);
                                }),
                                http::get<"/download">([&](x& one) -> tenon::task<void> {
                                  const auto begun = one.begin({.content_type = "a/b"});
                                  EXPECT_TRUE(begun);
                                  const auto first = co_await one.write("first");
                                  EXPECT_TRUE(first);
                                  arrived();
                                  co_await stopped(one);
                                  const auto last = co_await one.finish("last");
                                  EXPECT_TRUE(last);
                                }),
                                http::get<"/late">([&](x& one) -> tenon::task<void> {
                                  arrived();
                                  co_await stopped(one);
                                  const auto sent = co_await one.reply({.content_type = "a/b", .body = "late"});
                                  EXPECT_TRUE(sent);
                                }));
  const std::size_t before = descriptors();
  {
    R rt{{.threads = 2}};
    std::thread client;
    const bool drained =
        rt.run([](R& runtime, const auto& app, std::atomic<int>& count, std::thread& asks) -> tenon::task<bool> {
          auto door = R::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
          http::server site(runtime, app, http::server_settings{.patience = {.close = 20ms}});
          asks = std::thread([&runtime, &count, at = door.local_endpoint()] {
            std::vector<blocking_client> idle;
            std::vector<blocking_client> uploads;
            std::vector<blocking_client> downloads;
            std::vector<blocking_client> late;
            for (int i = 0; i < each; ++i) {
              idle.emplace_back(at).say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
              uploads.emplace_back(at).say("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nfirst");
              downloads.emplace_back(at).say("GET /download HTTP/1.1\r\nHost: h\r\n\r\n");
              late.emplace_back(at).say("GET /late HTTP/1.1\r\nHost: h\r\n\r\nGET /late HTTP/1.1\r\nHost: h\r\n\r\n");
            }
            wait_for(count, 3 * each);
            runtime.request_stop();
            const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n";
            for (int i = 0; i < each; ++i) {
              const auto at_i = static_cast<std::size_t>(i);
              EXPECT_EQ(idle[at_i].rest(), answer("200 OK", "text/plain; charset=utf-8", "idle"));
              uploads[at_i].say("again");
              EXPECT_EQ(uploads[at_i].rest(), head + "Content-Length: 5\r\nConnection: close\r\n\r\nagain");
              EXPECT_EQ(downloads[at_i].rest(),
                        head + "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n4\r\nlast\r\n0\r\n\r\n");
              EXPECT_EQ(late[at_i].rest(), head + "Content-Length: 4\r\nConnection: close\r\n\r\nlate");
            }
          });
          const auto served = co_await site.serve(std::move(door));
          co_return served.has_value();
        }(rt, pages, in_flight, client));
    EXPECT_TRUE(drained);
    client.join();
  }
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
