// SPDX-License-Identifier: BSL-1.0
// A pipeline between a socket and its answer, under more load than it takes: what `reject` and `block` look like to a
// client.
#include <tenon/http/parser.hpp>
#include <tenon/http/response.hpp>
#include <tenon/pipeline/fabric.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/http/buffer.hpp>
#include <tenon/sync/event.hpp>

namespace {

using namespace std::chrono_literals;
namespace http = tenon::http;
using tenon::task;

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};

/// Reads a request, lets the fabric handle its path, and writes what comes of it, one after the other.
template <class Fabric>
task<void> serve(subject::tcp_stream peer, Fabric* handled) {
  http::buffer in;
  http::buffer out;
  http::parser parser;
  for (;;) {
    http::request asked;
    const http::progress seen = parser.parse(in.readable(), http::limits{}, asked);
    if (seen.is_more()) {
      const auto n = co_await peer.read_some(in.writable(4096));
      if (!n || *n == 0) co_return;
      in.commit(*n);
      continue;
    }
    if (seen.is_failed()) co_return;
    const http::reply_to to = asked;
    std::string path(asked.path);
    in.consume(seen.bytes);
    auto answer = co_await handled->submit(std::move(path));
    if (answer) {
      http::respond(out, {.to = to, .content_type = "text/plain", .body = *answer}, {});
    } else {
      http::response busy = http::error_response(http::status::service_unavailable, to);
      if (!busy.headers.add("Retry-After", "1")) co_return;
      http::respond(out, busy, {});
    }
    const auto sent = co_await peer.write_all(std::as_bytes(std::span(out.readable())));
    if (!sent) co_return;
    out.consume(out.readable().size());
  }
}
template <class Fabric>
task<void> accept_all(subject::runtime& rt, subject::tcp_listener door, Fabric* handled) {
  tenon::scope conns{rt};
  while (auto peer = co_await door.accept()) conns.spawn(serve<Fabric>, std::move(*peer), handled);
  co_await conns.join();
}

constexpr std::string_view ask = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

task<subject::tcp_stream> asking(subject::runtime& rt, const tenon::endpoint& at) {
  auto peer = (co_await subject::tcp_stream::connect(rt, at)).value();
  const auto sent = co_await peer.write_all(std::as_bytes(std::span(ask)), rt.now() + 5s);
  EXPECT_TRUE(sent);
  co_return peer;
}
/// The next answer's first bytes.
task<std::string> answer_of(subject::tcp_stream& peer) {
  std::array<char, 512> room;
  const auto n = co_await peer.read_some(std::as_writable_bytes(std::span(room)), peer.runtime().now() + 5s);
  co_return n ? std::string(room.data(), *n) : std::string();
}

/// A server whose one worker waits until `open` is set, and room for two items before it.
template <class Word, class Act>
void with_server(Word word, Act act) {
  subject rt;
  rt.run([](subject::runtime& runtime, Word full, Act& body) -> task<void> {
    tenon::event open;
    const auto stages = tenon::pipeline(tenon::stage<"handle">(
                                            [&open](std::string path) -> task<std::string> {
                                              const auto opened = co_await open.wait();
                                              EXPECT_TRUE(opened);
                                              co_return path;
                                            },
                                            tenon::workers<1>, tenon::queue_of<2>, full),
                                        tenon::stage<"respond">([](std::string text) { return text + "!"; }));
    tenon::fabric handled{runtime, stages};
    auto door = subject::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
    const tenon::endpoint at = door.local_endpoint();
    runtime.spawn(accept_all<decltype(handled)>, std::ref(runtime), std::move(door), &handled);
    co_await body(runtime, at, handled, open);
    co_await handled.drained();
    runtime.request_stop();
  }(rt, word, act));
}

/// Until the stage has seen so many.
template <class Fabric>
task<void> until_in(Fabric& handled, std::uint64_t count) {
  while (handled.template stats<"handle">().in < count) co_await tenon::yield();
  for (int i = 0; i < 4; ++i) co_await tenon::yield();  // its worker has its turn
}

TEST(overload, reject_is_503_with_retry_after_at_once) {
  with_server(tenon::reject,
              [](subject::runtime& rt, tenon::endpoint at, auto& handled, tenon::event& open) -> task<void> {
                std::vector<subject::tcp_stream> held;
                for (std::uint64_t i = 1; i <= 3; ++i) {  // one at work, two in the queue
                  held.push_back(co_await asking(rt, at));
                  co_await until_in(handled, i);
                }
                for (int i = 0; i < 3; ++i) {
                  auto late = co_await asking(rt, at);
                  const std::string got = co_await answer_of(late);
                  EXPECT_TRUE(got.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << got;
                  EXPECT_NE(got.find("Retry-After: 1\r\n"), std::string::npos) << got;
                }
                const auto seen = handled.template stats<"handle">();
                EXPECT_EQ(seen.in, 6U);
                EXPECT_EQ(seen.held, 3U);
                EXPECT_EQ(seen.rejected, 3U);
                open.set();
                for (auto& peer : held) {
                  const std::string got = co_await answer_of(peer);
                  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n") && got.ends_with("/x!")) << got;
                }
              });
}

TEST(overload, block_reaches_the_client_whose_writes_then_wait) {
  with_server(tenon::block,
              [](subject::runtime& rt, tenon::endpoint at, auto& handled, tenon::event& open) -> task<void> {
                std::vector<subject::tcp_stream> held;
                for (std::uint64_t i = 1; i <= 4; ++i) {  // one at work, two in the queue, and one that waits for room
                  held.push_back(co_await asking(rt, at));
                  co_await until_in(handled, i);
                }
                // It goes on asking, and nobody reads: the buffers of both sockets fill, and its writes wait.
                std::string more;
                for (int i = 0; i < 2000; ++i) more += ask;
                std::size_t sent = 0;
                bool blocked = false;
                while (!blocked && sent < (std::size_t{64} << 20U)) {
                  const auto n = held.back().try_write_some(std::as_bytes(std::span(more)));
                  if (n) {
                    sent += *n;
                  } else {
                    EXPECT_EQ(n.error(), std::errc::operation_would_block);
                    blocked = true;
                  }
                }
                EXPECT_TRUE(blocked);
                const auto seen = handled.template stats<"handle">();
                EXPECT_EQ(seen.in, 4U);  // and no more of what was sent has been read
                EXPECT_EQ(seen.held, 4U);
                open.set();
                for (auto& peer : held) {
                  const std::string got = co_await answer_of(peer);
                  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
                }
                EXPECT_EQ(handled.template stats<"handle">().rejected, 0U);
                held.clear();
              });
}

}  // namespace
