// SPDX-License-Identifier: BSL-1.0
// Asio: a coroutine a connection that reads, scans for the blank line, and writes a constant.
#include "subject.hpp"

#define ASIO_STANDALONE
#define ASIO_HAS_CO_AWAIT
#define ASIO_HAS_STD_COROUTINE
#if __has_include(<asio.hpp>)
#include <asio.hpp>

#include <string>
#include <utility>
#endif

namespace serving {

#if __has_include(<asio.hpp>)

namespace {

using asio::ip::tcp;

asio::awaitable<void> converse(tcp::socket peer) {
  asio::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  for (std::string in, out;;) {
    const std::size_t n = co_await asio::async_read_until(peer, asio::dynamic_buffer(in, 64 * 1024), blank_line, token);
    if (error) co_return;
    in.erase(0, n);
    out = answer;
    for (std::size_t at = in.find(blank_line); at != in.npos; at = in.find(blank_line)) {
      in.erase(0, at + blank_line.size());
      out += answer;
    }
    co_await asio::async_write(peer, asio::buffer(out), token);
    if (error) co_return;
  }
}

asio::awaitable<void> accept_all(announcement ready) {
  tcp::acceptor door(co_await asio::this_coro::executor, {asio::ip::address_v4::loopback(), 0});
  ready(door.local_endpoint().port());
  for (;;) {
    tcp::socket peer = co_await door.async_accept(asio::use_awaitable);
    peer.set_option(tcp::no_delay(true));
    asio::co_spawn(door.get_executor(), converse(std::move(peer)), asio::detached);
  }
}

void serve_asio(announcement ready) {
  asio::io_context context(1);
  asio::co_spawn(context, accept_all(ready), asio::detached);
  context.run();
}

}  // namespace

std::vector<subject> asio_server() { return {{.name = "Asio, no parser", .serve = serve_asio}}; }

#else

std::vector<subject> asio_server() { return {}; }

#endif

}  // namespace serving
