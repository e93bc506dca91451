// SPDX-License-Identifier: BSL-1.0
// A runtime on Asio's io_context, and a task in it that awaits Asio's operations. One thread runs both.
#if __has_include(<asio.hpp>)
#include <tenon/tenon.hpp>

#include <tenon/net/asio_host.hpp>
#include <tenon/net/awaiting.hpp>

#include <array>
#include <chrono>
#include <cstdio>

#include <asio/buffer.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

struct guest : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};

tenon::task<void> talk(asio::io_context& io, bool& heard) {
  asio::local::stream_protocol::socket near(io);
  asio::local::stream_protocol::socket far(io);
  asio::local::connect_pair(near, far);
  asio::steady_timer timer(io, std::chrono::milliseconds(5));
  const auto waited = co_await timer.async_wait(tenon::awaiting);              // Asio's timer
  const bool slept = co_await tenon::sleep_for(std::chrono::milliseconds(5));  // tenon's
  std::array<char, 5> said{'h', 'e', 'l', 'l', 'o'};
  std::array<char, 5> room{};
  const auto sent = co_await asio::async_write(near, asio::buffer(said), tenon::awaiting);  // result<size_t>
  const auto got = co_await asio::async_read(far, asio::buffer(room), tenon::awaiting);
  heard = waited && slept && sent && got && room == said;
}

int main() {
  asio::io_context io;
  guest rt;
  bool heard = false;
  tenon::asio_host host(io, rt);
  host.launch(talk(io, heard));
  io.run();  // ends when the runtime has ended
  std::printf("%s\n", heard ? "hello, heard inside an io_context" : "nothing was heard");
  return heard ? 0 : 1;
}
#else
#include <cstdio>

int main() {
  std::puts("left out: there is no asio.hpp here");
  return 0;
}
#endif
