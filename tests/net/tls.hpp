// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/net/tls_stream.hpp>

#include "certificates.hpp"
#include "wires.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the tests of TLS share: the runtimes they run on, contexts of both sides, two ends of a connection.

namespace tenon_test {

/// Each backend; each way to share tasks; with one thread.
#if defined(TENON_TESTS_PAIRWISE)
using all_secure = testing::Types<wired<tenon::epoll, tenon::stealing<>>
#else
using all_secure = testing::Types<wired<tenon::epoll, tenon::stealing<>>, wired<tenon::poll, tenon::affinity<>>,
                                  wired<tenon::epoll, tenon::fifo, tenon::single_thread>
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
                                  ,
                                  wired<tenon::libuv, tenon::affinity<>>
#endif
#endif
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                  ,
                                  wired<tenon::io_uring<>, tenon::stealing<>>
#endif
                                  >;

template <class R>
using secure = tenon::tls_stream<typename R::tcp_stream>;

/// The authority of all tests; making one is not free.
inline const authority& ours() {
  static const authority only;
  return only;
}
inline tenon::tls_identity identity_of(const certificate& it) { return {it.chain(), it.key()}; }

inline tenon::tls_server_settings serving() {
  static const certificate leaf = ours().issue();
  tenon::tls_server_settings how;
  how.identities.push_back(identity_of(leaf));
  return how;
}
inline tenon::tls_client_settings asking() {
  tenon::tls_client_settings how;
  how.authorities = ours().chain();
  return how;
}

/// How both sides of a handshake ended.
template <class R>
struct handshake {
  tenon::result<secure<R>> client;
  tenon::result<secure<R>> server;

  handshake(tenon::result<secure<R>> one, tenon::result<secure<R>> other)
      : client(std::move(one)), server(std::move(other)) {}
};

template <class R>
task<handshake<R>> shake_hands(R& rt, tenon::tls_context server, tenon::tls_context client,
                               std::string host = "localhost") {
  auto between = co_await make_wire<R>(rt);
  auto near = secure<R>::connect(std::move(between.near), client, host, rt.now() + 20s);
  auto far = secure<R>::accept(std::move(between.far), server, rt.now() + 20s);
  auto [one, other] = co_await tenon::when_all(std::move(near), std::move(far));
  co_return handshake<R>(std::move(one), std::move(other));
}

/// A connection of the usual certificate.
template <class R>
task<handshake<R>> connected(R& rt) {
  auto server = tenon::tls_context::server(serving());
  auto client = tenon::tls_context::client(asking());
  auto both = co_await shake_hands(rt, *server, *client);
  EXPECT_TRUE(both.client) << both.client.error().message();
  EXPECT_TRUE(both.server) << both.server.error().message();
  co_return both;
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Reads as much as `text` is long, and compares.
template <class Stream>
task<bool> hears(Stream& from, std::string_view text) {
  std::vector<std::byte> room(text.size());
  std::size_t total = 0;
  while (total < room.size()) {
    const auto got = co_await from.read_some(std::span(room).subspan(total), from.runtime().now() + 20s);
    if (!got || *got == 0) co_return false;
    total += *got;
  }
  co_return std::string_view(reinterpret_cast<const char*>(room.data()), room.size()) == text;
}

/// One word there and one back.
template <class R>
task<bool> talk(handshake<R>& both) {
  const auto asked = co_await both.client->write_all(bytes_of("ping"));
  const bool heard = co_await hears(*both.server, "ping");
  const auto told = co_await both.server->write_all(bytes_of("pong"));
  const bool answered = co_await hears(*both.client, "pong");
  co_return asked&& heard&& told&& answered;
}

}  // namespace tenon_test
