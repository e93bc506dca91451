// SPDX-License-Identifier: BSL-1.0
#include "wires.hpp"

#if __has_include(<asio.hpp>)
#include <tenon/net/awaiting.hpp>

#include <atomic>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>

#include <asio/bind_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/strand.hpp>
#include <asio/write.hpp>

namespace {

using namespace tenon_test;
using stream = asio::local::stream_protocol::socket;

/// An io_context that a thread of its own runs.
class beside {
 public:
  beside() : work_(asio::make_work_guard(io)), thread_([this] { io.run(); }) {}
  beside(const beside&) = delete;
  beside& operator=(const beside&) = delete;
  ~beside() {
    work_.reset();
    thread_.join();
  }
  [[nodiscard]] std::thread::id thread() const { return thread_.get_id(); }

  asio::io_context io;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

template <class R>
class awaiting : public testing::Test {};
using awaiters = testing::Types<wired<tenon::epoll, tenon::fifo>, wired<tenon::epoll, tenon::stealing<>>,
                                wired<tenon::epoll, tenon::affinity<>>, wired<tenon::none, tenon::stealing<>>>;
TYPED_TEST_SUITE(awaiting, awaiters);

TYPED_TEST(awaiting, a_timer_gives_a_result_at_the_worker_that_awaited) {
  beside other;
  TypeParam rt{{.threads = 2}};
  rt.run([](TypeParam& self, asio::io_context& io) -> task<void> {
    asio::steady_timer timer(io, 1ms);
    const auto waited = co_await timer.async_wait(tenon::awaiting);
    static_assert(std::is_same_v<decltype(waited), const tenon::result<void>>);
    EXPECT_TRUE(waited);
    EXPECT_NE(self.current(), nullptr) << "back on a worker";
    for (int i = 0; i < rounds(300); ++i) {
      timer.expires_after(std::chrono::seconds(0));
      const auto again = co_await timer.async_wait(tenon::awaiting);
      EXPECT_TRUE(again);
    }
  }(rt, other.io));
}

TYPED_TEST(awaiting, bytes_come_with_a_count_or_with_asios_error) {
  beside other;
  TypeParam rt{{.threads = 2}};
  rt.run([](asio::io_context& io) -> task<void> {
    stream near(io);
    stream far(io);
    asio::local::connect_pair(near, far);
    const std::string said = "twelve bytes";
    std::array<char, 12> heard{};
    for (int i = 0; i < rounds(200); ++i) {
      const auto sent = co_await asio::async_write(near, asio::buffer(said), tenon::awaiting);
      static_assert(std::is_same_v<decltype(sent), const tenon::result<std::size_t>>);
      EXPECT_EQ(sent.value(), said.size());
      const auto got = co_await asio::async_read(far, asio::buffer(heard), tenon::awaiting);
      EXPECT_EQ(got.value(), said.size());
      EXPECT_EQ(std::string_view(heard.data(), heard.size()), said);
    }
    const auto tail = co_await near.async_write_some(asio::buffer(said, 5), tenon::awaiting);
    EXPECT_EQ(tail.value(), 5U);
    near.close();
    // The error and what came before it.
    const auto [error, count] =
        co_await asio::async_read(far, asio::buffer(heard), asio::experimental::as_tuple(tenon::awaiting));
    EXPECT_EQ(error, asio::error::eof);  // and no read after it: for that Asio 1.22 may wait for ever
    EXPECT_EQ(count, 5U);
  }(other.io));
}

TYPED_TEST(awaiting, a_stop_request_cancels_and_waits_for_the_buffer) {
  beside other;
  TypeParam rt{{.threads = 2}};
  rt.run([](TypeParam& self, asio::io_context& io) -> task<void> {
    stream near(io);
    stream far(io);
    asio::local::connect_pair(near, far);
    for (int i = 0; i < rounds(200); ++i) {
      std::array<char, 8> room{};
      const auto read = [](stream& from, std::array<char, 8>& into) -> task<std::error_code> {
        const auto got = co_await asio::async_read(from, asio::buffer(into), tenon::awaiting);
        co_return got.error();
      };
      const auto nap = [](int how_long) -> task<void> {
        if (how_long != 0) {
          const bool slept = co_await tenon::sleep_for(std::chrono::microseconds(how_long));
          EXPECT_TRUE(slept);
        }
      };
      const auto ended = co_await tenon::when_any(read(far, room), nap(i % 5 * 20));
      EXPECT_EQ(ended.index(), 1U);
    }
    // Whoever was cancelled has let go: the next read gets every byte.
    const std::string said = "8 bytes!";
    const auto sent = co_await asio::async_write(near, asio::buffer(said), tenon::awaiting);
    EXPECT_TRUE(sent);
    std::array<char, 8> room{};
    const auto got = co_await asio::async_read(far, asio::buffer(room), tenon::awaiting);
    EXPECT_EQ(std::string_view(room.data(), room.size()), said);
    EXPECT_TRUE(got);
    self.request_stop();
    const auto refused = co_await far.async_read_some(asio::buffer(room), tenon::awaiting);
    EXPECT_EQ(refused.error(), std::errc::operation_canceled);
    asio::steady_timer timer(io, 1h);
    const auto [error] = co_await timer.async_wait(asio::experimental::as_tuple(tenon::awaiting));
    EXPECT_EQ(error, asio::error::operation_aborted);
  }(rt, other.io));
}

TYPED_TEST(awaiting, many_tasks_and_several_threads_of_asios_on_strands) {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  std::thread one([&] { io.run(); });
  std::thread two([&] { io.run(); });
  TypeParam rt{{.threads = 2}};
  std::atomic<int> rung{0};
  rt.run([](TypeParam& self, asio::io_context& on, std::atomic<int>& count) -> task<void> {
    tenon::scope all{self};
    for (int i = 0; i < 50; ++i) {
      all.spawn(
          [](asio::io_context& context, std::atomic<int>& counted) -> task<void> {
            asio::steady_timer timer(asio::make_strand(context));
            for (int j = 0; j < rounds(50); ++j) {
              timer.expires_after(std::chrono::microseconds(j % 7 * 10));
              const auto waited = co_await timer.async_wait(tenon::awaiting);
              if (waited) ++counted;
            }
          },
          std::ref(on), std::ref(count));
    }
    co_await all.join();
  }(rt, io, rung));
  EXPECT_EQ(rung.load(), 50 * rounds(50));
  work.reset();
  one.join();
  two.join();
}

/// An operation of our own: completes on its handler's executor, on a thread of its own.
template <class Signature, class Token, class... Values>
auto async_give(asio::io_context& io, Token&& token, Values... values) {
  return asio::async_initiate<Token, Signature>(
      [&io](auto handler, Values... given) {
        const auto executor = asio::get_associated_executor(handler, io.get_executor());
        asio::post(executor, [handler = std::move(handler), ... kept = std::move(given)]() mutable {
          std::move(handler)(std::move(kept)...);
        });
      },
      token, std::move(values)...);
}

TYPED_TEST(awaiting, each_signature_has_its_result) {
  beside other;
  asio::io_context second;
  auto work = asio::make_work_guard(second);
  std::thread thread([&] { second.run(); });
  TypeParam rt{{.threads = 2}};
  rt.run([](asio::io_context& io, asio::io_context& bound) -> task<void> {
    co_await async_give<void()>(io, tenon::awaiting);
    const int one = co_await async_give<void(int)>(io, tenon::awaiting, 1);
    EXPECT_EQ(one, 1);
    const auto pair = co_await async_give<void(int, std::string)>(io, tenon::awaiting, 2, std::string("two"));
    EXPECT_EQ(pair, (std::tuple<int, std::string>(2, "two")));
    const auto three = co_await async_give<void(std::error_code, int, std::string)>(
        io, tenon::awaiting, std::error_code(), 3, std::string("three"));
    EXPECT_EQ(three.value(), (std::tuple<int, std::string>(3, "three")));
    const auto failed = co_await async_give<void(std::error_code, int)>(io, tenon::awaiting,
                                                                        std::make_error_code(std::errc::io_error), 4);
    EXPECT_EQ(failed.error(), std::errc::io_error);
    const int five = co_await async_give<void(std::exception_ptr, int)>(io, tenon::awaiting, std::exception_ptr(), 5);
    EXPECT_EQ(five, 5);
    bool thrown = false;
    try {
      co_await async_give<void(std::exception_ptr)>(io, tenon::awaiting,
                                                    std::make_exception_ptr(std::runtime_error("six")));
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    const auto to_bound = [&bound] { return asio::bind_executor(bound.get_executor(), tenon::awaiting); };
    const int seven = co_await async_give<void(int)>(io, to_bound(), 7);
    EXPECT_EQ(seven, 7);
    asio::steady_timer timer(io, 1ms);
    const auto waited = co_await timer.async_wait(to_bound());
    EXPECT_TRUE(waited);
  }(other.io, second));
  work.reset();
  thread.join();
}

TYPED_TEST(awaiting, an_operation_given_up_ends_with_operation_canceled) {
  TypeParam rt{{.threads = 2}};
  rt.run([]() -> task<void> {
    std::optional<asio::io_context> io;
    io.emplace();
    // Begun, and destroyed with the io_context that never ran it.
    const auto begin = [](asio::io_context& in) -> task<std::error_code> {
      const auto got = co_await async_give<void(std::error_code)>(in, tenon::awaiting, std::error_code{});
      co_return got.error();
    };
    const auto destroy = [](std::optional<asio::io_context>& which) -> task<void> {
      const bool slept = co_await tenon::sleep_for(2ms);
      EXPECT_TRUE(slept);
      which.reset();
    };
    const auto ended = co_await tenon::when_all(begin(*io), destroy(io));
    EXPECT_EQ(std::get<0>(ended), std::errc::operation_canceled);
  }());
}

TYPED_TEST(awaiting, an_initiation_that_throws_throws_here) {
  TypeParam rt{{.threads = 2}};
  rt.run([]() -> task<void> {
    bool thrown = false;
    try {
      (void)co_await asio::async_initiate<const tenon::awaiting_t&, void(std::error_code)>(
          [](auto) { throw std::runtime_error("no"); }, tenon::awaiting);
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
  }());
}

}  // namespace
#else
TEST(awaiting, an_operation_of_asios) { GTEST_SKIP() << "no asio.hpp: install libasio-dev"; }
#endif
