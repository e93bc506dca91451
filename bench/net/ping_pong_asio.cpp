// SPDX-License-Identifier: BSL-1.0
#include "ping_pong.hpp"

#define ASIO_STANDALONE
#define ASIO_HAS_CO_AWAIT
#define ASIO_HAS_STD_COROUTINE
#if __has_include(<asio.hpp>)
#include <asio.hpp>

#include <array>
#include <utility>
#endif

namespace ping_pong {

#if __has_include(<asio.hpp>)

namespace {

using stream = asio::generic::stream_protocol::socket;

asio::awaitable<void> talk(stream peer, bool client, long rounds) {
  std::array<char, message_bytes> room{};
  asio::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  for (long i = 0; i < rounds; ++i) {
    if (client || i != 0) {
      co_await asio::async_write(peer, asio::buffer(room), token);
      if (error) co_return;
    }
    co_await asio::async_read(peer, asio::buffer(room), token);
    if (error) co_return;
  }
  if (!client) co_await asio::async_write(peer, asio::buffer(room), token);
}

void with_coroutines(int socket, bool client, long rounds) {
  asio::io_context context(1);
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  stream peer(context, asio::generic::stream_protocol(family, 0), socket);
  asio::co_spawn(context, talk(std::move(peer), client, rounds), asio::detached);
  context.run();
}

/// As with_coroutines, by callbacks: without the frames.
class session {
 public:
  session(stream peer, bool client, long rounds) : peer_(std::move(peer)), client_(client), left_(rounds) {}
  void start() { client_ ? say() : hear(); }

 private:
  void say() {
    asio::async_write(peer_, asio::buffer(room_), [this](asio::error_code error, std::size_t) {
      if (!error && left_ != 0) hear();
    });
  }
  void hear() {
    asio::async_read(peer_, asio::buffer(room_), [this](asio::error_code error, std::size_t) {
      if (error) return;
      --left_;
      if (left_ != 0 || !client_) say();
    });
  }

  stream peer_;
  bool client_;
  long left_;
  std::array<char, message_bytes> room_{};
};

void with_callbacks(int socket, bool client, long rounds) {
  asio::io_context context(1);
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  session one(stream(context, asio::generic::stream_protocol(family, 0), socket), client, rounds);
  one.start();
  context.run();
}

}  // namespace

std::vector<contender> asio() {
  return {{.name = "Asio, coroutines", .end = with_coroutines}, {.name = "Asio, callbacks", .end = with_callbacks}};
}

#else

std::vector<contender> asio() { return {}; }

#endif

}  // namespace ping_pong
