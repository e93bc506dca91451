// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>)
#include <tenon/net/tls_listener.hpp>

#include "tls.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include <sys/socket.h>

namespace {

using namespace tenon_test;

using ground = wired<tenon::epoll, tenon::stealing<>>;
using R = ground::runtime;

task<void> echo_a_word(secure<R> peer, bool speaks_first) {
  EXPECT_EQ(peer.try_write_some(bytes_of("x")).error(), std::errc::not_connected);
  if (speaks_first) {
    const auto shaken = co_await peer.handshake(peer.runtime().now() + 10s);
    EXPECT_TRUE(shaken);
    const auto sent = co_await peer.write_all(bytes_of("hello"));
    EXPECT_TRUE(sent);
  }
  const bool heard = co_await hears(peer, "word");
  EXPECT_TRUE(heard);
  const auto sent = co_await peer.write_all(bytes_of("word"));
  EXPECT_TRUE(sent);
}

TEST(tls_listener, waits_for_nobody_who_does_not_shake_hands) {
  run_wired<ground>(2, [](R& rt) -> task<void> {
    auto below = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
    const auto at = below.local_endpoint();
    tenon::tls_listener door(std::move(below), tenon::tls_context::server(serving()).value());
    EXPECT_EQ(&door.runtime(), &rt);
    EXPECT_EQ(door.native_handle(), door.carrier().native_handle());
    const auto client = tenon::tls_context::client(asking()).value();
    const auto silent = co_await R::tcp_stream::connect(rt, at);
    EXPECT_TRUE(silent);
    const auto first = co_await door.accept(rt.now() + 5s);
    EXPECT_TRUE(first);
    tenon::scope conns{rt};
    for (const bool speaks_first : {false, true}) {
      auto over = co_await R::tcp_stream::connect(rt, at);
      auto peer = co_await door.accept(rt.now() + 5s);
      EXPECT_TRUE(peer);
      conns.spawn(echo_a_word, std::move(*peer), speaks_first);
      auto near = co_await secure<R>::connect(std::move(*over), client, "localhost", rt.now() + 10s);
      EXPECT_TRUE(near) << near.error().message();
      if (speaks_first) {
        const bool greeted = co_await hears(*near, "hello");
        EXPECT_TRUE(greeted);
      }
      const auto sent = co_await near->write_all(bytes_of("word"));
      EXPECT_TRUE(sent);
      const bool heard = co_await hears(*near, "word");
      EXPECT_TRUE(heard);
    }
    co_await conns.join();
    // What is wrong with the handshake, the first read says.
    auto plain = co_await R::tcp_stream::connect(rt, at);
    auto peer = co_await door.accept(rt.now() + 5s);
    const auto said = co_await plain->write_all(bytes_of("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_TRUE(said && peer);
    std::array<std::byte, 8> room{};
    const auto got = co_await peer->read_some(room, rt.now() + 5s);
    EXPECT_EQ(got.error(), tenon::tls_errc::not_tls);
    const auto late = co_await door.accept(rt.now() + 2ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
  });
}

// Who reads sees to it that the handshake goes out, also where the socket does not take it all at once.
TEST(tls_listener, shakes_hands_by_reading_over_a_socket_that_is_full) {
  run_wired<ground>(2, [](R& rt) -> task<void> {
    auto how = serving();
    const certificate other = ours().issue();
    for (int i = 0; i < 20; ++i) how.identities.front().chain += other.chain();
    const auto server = tenon::tls_context::server(how).value();
    const auto client = tenon::tls_context::client(asking()).value();
    for (const bool waits_first : {false, true}) {
      auto between = co_await make_wire<R>(rt);
      const int little = 1;
      ::setsockopt(between.far.native_handle(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
      const int narrow = 4096;
      ::setsockopt(between.near.native_handle(), SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow);
      auto peer = secure<R>::begin(std::move(between.far), server);
      EXPECT_TRUE(peer);
      const auto serve = [](secure<R>& from, bool first) -> task<bool> {
        if (first) {
          const auto ready = co_await from.readable(from.runtime().now() + 3s);
          EXPECT_TRUE(ready) << ready.error().message();
        }
        std::array<std::byte, 4> room{};
        const auto got = co_await from.read_some(room, from.runtime().now() + 3s);
        EXPECT_TRUE(got) << got.error().message();
        co_return got.has_value();
      };
      const auto ask = [](R::tcp_stream over, const tenon::tls_context& with) -> task<bool> {
        const auto limit = over.runtime().now() + 4s;
        auto near = co_await secure<R>::connect(std::move(over), with, "localhost", limit);
        EXPECT_TRUE(near) << near.error().message();
        if (!near) co_return false;
        const auto sent = co_await near->write_all(bytes_of("word"));
        co_return sent.has_value();
      };
      auto serving_side = serve(*peer, waits_first);
      auto asking_side = ask(std::move(between.near), client);
      const auto [served, asked] = co_await tenon::when_all(std::move(serving_side), std::move(asking_side));
      EXPECT_TRUE(served && asked);
    }
  });
}

}  // namespace

#endif
