// SPDX-License-Identifier: BSL-1.0
#include "../net/wires.hpp"
#include "scripted.hpp"

#include <tenon/http/client.hpp>
#include <tenon/http/websocket.hpp>
#include <tenon/tenon.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <string>
#include <utility>

// Every allocation of this program is counted: a warmed request of a client makes none, nor does a warmed message of a
// WebSocket. (The sanitizers have an operator new of their own.)
#if !defined(TENON_TEST_SANITIZED)

namespace {
std::atomic<long> allocations{0};

void* count_one(void* block) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
}  // namespace

void* operator new(std::size_t bytes) { return count_one(std::malloc(bytes == 0 ? 1 : bytes)); }
void* operator new(std::size_t bytes, std::align_val_t align) {
  const auto line = static_cast<std::size_t>(align);
  return count_one(std::aligned_alloc(line, (bytes + line - 1) / line * line));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

namespace {

namespace http = tenon::http;
using tenon_test::task;

struct plain : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};
using runtime = plain::runtime;
using stream = plain::tcp_stream;

/// Says the same to each read.
task<void> answer(stream peer, std::string text) {
  std::array<std::byte, 4096> room;
  for (;;) {
    const auto n = co_await peer.read_some(room);
    if (!n || *n == 0) co_return;
    const auto sent = co_await peer.write_all(std::as_bytes(std::span<const char>(text)));
    if (!sent) co_return;
  }
}
task<bool> ask(http::client<plain>& web, const http::client_request& what) {
  auto got = co_await web.fetch(what);
  if (!got) co_return false;
  std::array<std::byte, 512> room;
  std::size_t size = 0;
  for (std::size_t n = 1; n != 0; size += n) {
    const auto some = co_await got->read_some(room);
    if (!some) co_return false;
    n = *some;
  }
  co_return size == 2000;
}

TEST(warmed, a_request_of_a_client_allocates_nothing) {
  plain rt;
  const long made = rt.run([](runtime& self) -> task<long> {
    auto door = plain::tcp_listener::bind(self, {"127.0.0.1", 0}).value();
    const std::string url = "http://127.0.0.1:" + std::to_string(door.local_endpoint().port()) + "/";
    tenon::scope server{self};
    long counted = 0;
    {
      http::client<plain> web(self);
      http::client_request what;
      what.method = http::method::put;
      what.url = url;
      what.body = "body";
      server.spawn(
          [](plain::tcp_listener at) -> task<void> {
            auto peer = co_await at.accept();
            const std::string chunk = "3e8\r\n" + std::string(1000, 'c') + "\r\n";
            std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n";
            co_await answer(std::move(*peer), std::move(text));
          },
          std::move(door));
      bool good = true;
      for (int i = 0; i < 40; ++i) {
        if (i == 20) counted = allocations.load();
        good = good && co_await ask(web, what);
      }
      counted = allocations.load() - counted;
      EXPECT_TRUE(good);
      EXPECT_EQ(web.idle(), 1U);
    }
    co_await server.join();
    co_return counted;
  }(rt));
  EXPECT_EQ(made, 0);
}

TEST(warmed, a_message_of_a_websocket_allocates_nothing) {
  plain rt;
  const long made = rt.run([](runtime& self) -> task<long> {
    auto both = co_await tenon_test::make_wire<plain>(self);
    http::websocket<stream> server(std::move(both.far), http::websocket_role::server);
    http::websocket<stream> client(std::move(both.near), http::websocket_role::client);
    tenon::scope side{self};
    side.spawn(
        [](http::websocket<stream>& on) -> task<void> {
          for (;;) {
            const auto got = co_await on.read();
            if (!got || got->is_close()) co_return;
            const auto sent = co_await on.write(got->text());
            EXPECT_TRUE(sent.has_value());
          }
        },
        std::ref(server));
    const std::string said(3000, 'w');
    long counted = 0;
    for (int i = 0; i < 40; ++i) {
      if (i == 20) counted = allocations.load();
      const auto sent = co_await client.write(said);
      EXPECT_TRUE(sent.has_value());
      const auto got = co_await client.read();
      EXPECT_TRUE(got && got->text() == said);
    }
    counted = allocations.load() - counted;
    const auto closed = co_await client.close();
    EXPECT_TRUE(closed.has_value());
    co_await side.join();
    co_return counted;
  }(rt));
  EXPECT_EQ(made, 0);
}

}  // namespace

#endif
