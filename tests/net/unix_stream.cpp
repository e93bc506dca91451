// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/unix_stream.hpp>

#include <tenon/net/unix_listener.hpp>

#include "wires.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace tenon_test;
using tenon::result;
using tenon::unix_endpoint;

template <class R>
class unix_streams : public testing::Test {};
TYPED_TEST_SUITE(unix_streams, all_wired);

unix_endpoint nearby() {
  static std::atomic<int> number{0};
  return unix_endpoint::abstract("tenon-test-" + std::to_string(::getpid()) + '-' + std::to_string(++number));
}

template <class R>
struct line {
  typename R::unix_stream near;
  typename R::unix_stream far;

  line(typename R::unix_stream one, typename R::unix_stream other) : near(std::move(one)), far(std::move(other)) {}
};
template <class R>
task<line<R>> make_line(R& rt) {
  auto door = R::unix_listener::bind(rt, nearby()).value();
  unix_endpoint at = door.local_endpoint();
  auto near = co_await R::unix_stream::connect(rt, std::move(at));
  auto far = co_await door.accept();
  co_return line<R>(std::move(near).value(), std::move(far).value());
}

TYPED_TEST(unix_streams, carry_bytes_both_ways_and_end_by_halves) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto both = co_await make_line(rt);
    EXPECT_TRUE(both.near.remote_endpoint().is_abstract());
    EXPECT_EQ(both.far.remote_endpoint(), unix_endpoint()) << "a client has no name";
    constexpr std::size_t size = 1 << 20;
    std::vector<std::byte> out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(i * 7 >> 3);
    std::vector<std::byte> in(size);
    tenon::scope writer{rt};
    writer.spawn(
        [](typename R::unix_stream& to, std::span<const std::byte> what) -> task<void> {
          const auto sent = co_await to.write_all(what);
          EXPECT_EQ(sent.value(), what.size());
          EXPECT_TRUE(to.shutdown_send());
        },
        std::ref(both.near), std::span<const std::byte>(out));
    std::size_t total = 0;
    while (total < size) {
      const auto got = co_await both.far.read_some(std::span(in).subspan(total));
      if (!got || *got == 0) break;
      total += *got;
    }
    EXPECT_EQ(total, size);
    EXPECT_TRUE(in == out);
    const auto end = co_await both.far.read_some(in);
    EXPECT_EQ(end.value(), 0U) << "half closed";
    const auto back = co_await both.far.write_all(std::span(out).first(10));
    EXPECT_TRUE(back) << "and open the other way";
    co_await writer.join();
    const auto got = co_await both.near.read_some(in, rt.now() + 5s);
    EXPECT_EQ(got.value(), 10U);
  });
}

TYPED_TEST(unix_streams, connect_or_say_why_not) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    const auto refused = co_await R::unix_stream::connect(rt, nearby());
    EXPECT_EQ(refused.error(), std::errc::connection_refused);
    const auto none = co_await R::unix_stream::connect(rt, unix_endpoint("/nowhere/at/all"));
    EXPECT_EQ(none.error(), std::errc::no_such_file_or_directory);
    const auto lengthy = co_await R::unix_stream::connect(rt, unix_endpoint(std::string(300, 'x')));
    EXPECT_EQ(lengthy.error(), std::errc::filename_too_long);
  });
}

TYPED_TEST(unix_streams, wait_while_the_queue_of_the_listener_is_full) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    const unix_endpoint at = nearby();
    const auto address = at.to_native();
    tenon::unique_fd full(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(full.get(), address->data(), address->size), 0);
    EXPECT_EQ(::listen(full.get(), 0), 0);
    std::vector<typename R::unix_stream> kept;
    std::error_code why;
    for (int i = 0; i < 8 && !why; ++i) {
      auto peer = co_await R::unix_stream::connect(rt, at, rt.now() + 5ms);
      why = peer.error();
      if (peer) kept.push_back(std::move(*peer));
    }
    EXPECT_EQ(why, std::errc::timed_out);

    tenon::scope one{rt};
    one.spawn(
        [](R& self, unix_endpoint to) -> task<void> {
          const auto peer = co_await R::unix_stream::connect(self, std::move(to));
          EXPECT_EQ(peer.error(), std::errc::operation_canceled);
        },
        std::ref(rt), at);
    (void)co_await tenon::sleep_for(2ms);
    one.cancel();
    co_await one.join();

    // Room again: a connect that waits gets through.
    std::atomic<bool> through{false};
    tenon::scope two{rt};
    two.spawn(
        [](R& self, unix_endpoint to, std::atomic<bool>* out) -> task<void> {
          const auto peer = co_await R::unix_stream::connect(self, std::move(to), self.now() + 5s);
          EXPECT_TRUE(peer) << peer.error().message();
          *out = true;
        },
        std::ref(rt), at, &through);
    (void)co_await tenon::sleep_for(1ms);
    tenon::acceptor<R, typename R::unix_stream> door(rt, std::move(full));
    while (!through) {
      const auto peer = co_await door.accept(rt.now() + 5s);
      EXPECT_TRUE(peer);
      if (!peer) break;
      (void)co_await tenon::sleep_for(1ms);
    }
    co_await two.join();
  });
}

TYPED_TEST(unix_streams, keep_deadlines_and_leave_the_buffer_alone) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto both = co_await make_line(rt);
    std::array<std::byte, 64> room{};
    const auto late = co_await both.near.read_some(room, rt.now() + 2ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    tenon::scope one{rt};
    one.spawn(
        [](typename R::unix_stream& from, std::span<std::byte> into) -> task<void> {
          const auto got = co_await from.read_some(into);
          EXPECT_EQ(got.error(), std::errc::operation_canceled);
        },
        std::ref(both.near), std::span<std::byte>(room));
    (void)co_await tenon::sleep_for(1ms);
    one.cancel();
    co_await one.join();
    const std::array<std::byte, 8> what{std::byte{1}};
    const auto sent = co_await both.far.write_all(what);
    EXPECT_TRUE(sent);
    (void)co_await tenon::sleep_for(1ms);
    EXPECT_EQ(room, (std::array<std::byte, 64>{})) << "what came later is not in a buffer that was let go";
    const auto got = co_await both.near.read_some(room, rt.now() + 5s);
    EXPECT_EQ(got.value(), 8U);
    {
      const typename R::unix_stream closed = std::move(both.far);
    }
    const auto end = co_await both.near.read_some(room, rt.now() + 5s);
    EXPECT_EQ(end.value(), 0U);
    const auto broken = co_await both.near.write_all(room, rt.now() + 5s);
    EXPECT_EQ(broken.error(), std::errc::broken_pipe);
  });
}

TEST(unix_stream, is_one_pointer) {
  using R = tenon::runtime<>;
  static_assert(sizeof(R::unix_stream) == sizeof(void*));
  static_assert(!std::is_copy_constructible_v<R::unix_stream> && std::is_nothrow_move_constructible_v<R::unix_stream>);
}

}  // namespace
