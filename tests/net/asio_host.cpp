// SPDX-License-Identifier: BSL-1.0
#include "wires.hpp"

#if __has_include(<asio.hpp>)
#include <tenon/net/asio_host.hpp>
#include <tenon/net/awaiting.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

namespace {

using namespace tenon_test;

template <class R>
class asio_host : public testing::Test {};
using hosted = testing::Types<wired<tenon::epoll, tenon::fifo, tenon::single_thread>, wired<tenon::epoll>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                              ,
                              wired<tenon::io_uring<>, tenon::fifo, tenon::single_thread>, wired<tenon::io_uring<>>
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
                              ,
                              wired<tenon::libuv, tenon::fifo, tenon::single_thread>, wired<tenon::libuv>
#endif
                              >;
TYPED_TEST_SUITE(asio_host, hosted);

template <class R>
typename R::settings two_threads() {
  typename R::settings how_much;
  if constexpr (R::threading::concurrent) how_much.threads = 2;
  return how_much;
}

TYPED_TEST(asio_host, ends_when_the_runtime_has_ended) {
  asio::io_context io;
  TypeParam rt{two_threads<TypeParam>()};
  tenon::asio_host host(io, rt);
  int echoed = 0;
  host.launch([](TypeParam& self, int& count) -> task<void> {
    auto ends = co_await make_wire<TypeParam>(self);
    std::array<std::byte, 4> room{};
    for (int i = 0; i < 50; ++i) {
      const auto sent = co_await ends.near.write_all(room);
      EXPECT_TRUE(sent);
      const std::size_t got = co_await read_whole<TypeParam>(ends.far, room);
      if (got == room.size()) ++count;
      if (i % 10 == 0) {
        const bool slept = co_await tenon::sleep_for(1ms);
        EXPECT_TRUE(slept);
      }
    }
    for (int i = 0; i < 1'000; ++i) co_await tenon::yield();
  }(rt, echoed));
  const std::size_t handlers = io.run();
  EXPECT_EQ(echoed, 50);
  EXPECT_EQ(rt.state(), tenon::phase::stopped);
  EXPECT_LE(handlers, 1'500U) << "a busy loop";
}

TYPED_TEST(asio_host, asios_own_handlers_have_their_turn) {
  asio::io_context io;
  TypeParam rt{two_threads<TypeParam>()};
  tenon::asio_host host(io, rt);
  std::atomic<bool> asked{false};
  host.launch([](std::atomic<bool>& stop) -> task<void> {
    while (!stop.load()) co_await tenon::yield();  // never idle
  }(asked));
  asio::steady_timer timer(io, 5ms);
  timer.async_wait([&](std::error_code error) {
    EXPECT_FALSE(error);
    asked = true;
  });
  io.run();
  EXPECT_TRUE(asked.load());
  EXPECT_EQ(rt.state(), tenon::phase::stopped);
}

TYPED_TEST(asio_host, a_stop_from_an_asio_handler_or_another_thread_ends_it) {
  asio::io_context io;
  TypeParam rt{two_threads<TypeParam>()};
  tenon::asio_host host(io, rt);
  host.launch([]() -> task<void> {
    const bool slept = co_await tenon::sleep_until(tenon::never);
    EXPECT_FALSE(slept);
  }());
  asio::steady_timer timer(io, 3ms);
  std::thread other;
  timer.async_wait([&](std::error_code) {
    if constexpr (TypeParam::threading::concurrent) {
      other = std::thread([&rt] { rt.request_stop(); });
    } else {
      rt.request_stop();
    }
  });
  io.run();
  if (other.joinable()) other.join();
  EXPECT_EQ(rt.state(), tenon::phase::stopped);
}

TYPED_TEST(asio_host, tasks_await_asio_on_the_same_thread) {
  asio::io_context io;
  TypeParam rt{two_threads<TypeParam>()};
  tenon::asio_host host(io, rt);
  int heard = 0;
  host.launch([](asio::io_context& on, int& count) -> task<void> {
    asio::local::stream_protocol::socket near(on);
    asio::local::stream_protocol::socket far(on);
    asio::local::connect_pair(near, far);
    std::array<char, 3> said{'a', 'b', 'c'};
    std::array<char, 3> got{};
    asio::steady_timer timer(on);
    for (int i = 0; i < 50; ++i) {
      const auto sent = co_await asio::async_write(near, asio::buffer(said), tenon::awaiting);
      EXPECT_TRUE(sent);
      const auto read = co_await asio::async_read(far, asio::buffer(got), tenon::awaiting);
      if (read && got == said) ++count;
      timer.expires_after(std::chrono::microseconds(i));
      const auto waited = co_await timer.async_wait(tenon::awaiting);
      EXPECT_TRUE(waited);
    }
    // And a cancelled one.
    const auto read = [](asio::local::stream_protocol::socket& from, std::array<char, 3>& into) -> task<void> {
      const auto cut = co_await asio::async_read(from, asio::buffer(into), tenon::awaiting);
      EXPECT_EQ(cut.error(), std::errc::operation_canceled);
    };
    const auto in_time = co_await tenon::timeout(2ms, read(far, got));
    EXPECT_FALSE(in_time);
  }(io, heard));
  io.run();
  EXPECT_EQ(heard, 50);
}

TYPED_TEST(asio_host, an_exception_comes_out_of_the_io_context) {
  asio::io_context io;
  TypeParam rt{two_threads<TypeParam>()};
  tenon::asio_host host(io, rt);
  host.launch([]() -> task<void> {
    co_await tenon::yield();
    throw std::runtime_error("from inside");
  }());
  EXPECT_THROW(io.run(), std::runtime_error);
  io.run();
  EXPECT_EQ(rt.state(), tenon::phase::stopped);
}

}  // namespace
#else
TEST(asio_host, a_runtime_on_an_io_context) { GTEST_SKIP() << "no asio.hpp: install libasio-dev"; }
#endif
