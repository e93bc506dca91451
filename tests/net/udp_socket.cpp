// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/udp_socket.hpp>

#include "wires.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sys/socket.h>

namespace {

using namespace tenon_test;
using tenon::endpoint;

template <class R>
class datagrams : public testing::Test {};
TYPED_TEST_SUITE(datagrams, all_wired);

const endpoint any("127.0.0.1", 0);

TYPED_TEST(datagrams, come_whole_and_say_from_whom) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto near = R::udp_socket::bind(rt, any).value();
    auto far = R::udp_socket::bind(rt, any).value();
    std::array<std::byte, 100> out{};
    std::array<std::byte, 200> in{};
    for (std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{0}, std::size_t{50}}) {
      out.fill(static_cast<std::byte>(size));
      const auto sent = co_await near.send_to(std::span(out).first(size), far.local_endpoint());
      EXPECT_EQ(sent.value(), size);
      const auto got = co_await far.recv_from(in, rt.now() + 5s);
      EXPECT_EQ(got.value().size, size);
      EXPECT_EQ(got.value().from, near.local_endpoint());
      EXPECT_TRUE(std::equal(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size), out.begin()));
    }
    // One that waits is woken.
    tenon::scope sender{rt};
    sender.spawn(
        [](typename R::udp_socket& from, endpoint to) -> task<void> {
          (void)co_await tenon::sleep_for(1ms);
          const std::array<std::byte, 7> what{};
          const auto sent = co_await from.send_to(what, to);
          EXPECT_TRUE(sent);
        },
        std::ref(near), far.local_endpoint());
    const auto got = co_await far.recv_from(in, rt.now() + 5s);
    EXPECT_EQ(got.value().size, 7U);
    co_await sender.join();
  });
}

TYPED_TEST(datagrams, that_are_too_large_say_so) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    auto near = R::udp_socket::bind(rt, any).value();
    auto far = R::udp_socket::bind(rt, any).value();
    const std::array<std::byte, 100> out{};
    std::array<std::byte, 10> in{};
    for (int i = 0; i < 2; ++i) (void)co_await near.send_to(out, far.local_endpoint());
    const auto cut = co_await far.recv_from(in, rt.now() + 5s);
    EXPECT_EQ(cut.error(), std::errc::message_size);
    EXPECT_TRUE(far.connect(near.local_endpoint()));
    (void)co_await near.send_to(out, far.local_endpoint());
    const auto again = co_await far.recv(in, rt.now() + 5s);
    EXPECT_EQ(again.error(), std::errc::message_size);
    const std::vector<std::byte> much(70'000);
    const auto sent = co_await near.send_to(much, far.local_endpoint());
    EXPECT_EQ(sent.error(), std::errc::message_size);
  });
}

TYPED_TEST(datagrams, go_to_and_fro_between_connected_sockets) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto far = R::udp_socket::bind(rt, any).value();
    auto near = R::udp_socket::connect(rt, far.local_endpoint()).value();
    EXPECT_TRUE(far.connect(near.local_endpoint()));
    tenon::scope echo{rt};
    echo.spawn(
        [](typename R::udp_socket& peer) -> task<void> {
          std::array<std::byte, 64> room;
          for (int i = 0; i < 200; ++i) {
            const auto got = co_await peer.recv(room, peer.runtime().now() + 5s);
            EXPECT_TRUE(got);
            if (!got) co_return;
            const auto sent = co_await peer.send(std::span(room).first(*got));
            EXPECT_TRUE(sent);
          }
        },
        std::ref(far));
    std::array<std::byte, 64> room{};
    for (int i = 0; i < 200; ++i) {
      room.fill(static_cast<std::byte>(i));
      const auto sent = co_await near.send(std::span(room).first(32));
      EXPECT_EQ(sent.value(), 32U);
      const auto got = co_await near.recv(room, rt.now() + 5s);
      EXPECT_EQ(got.value(), 32U);
      EXPECT_EQ(room[0], static_cast<std::byte>(i));
    }
    co_await echo.join();
  });
}

TYPED_TEST(datagrams, that_meet_nobody_are_refused) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    endpoint gone;
    {
      const auto closed = R::udp_socket::bind(rt, any).value();
      gone = closed.local_endpoint();
    }
    auto near = R::udp_socket::connect(rt, gone).value();
    std::array<std::byte, 8> room{};
    for (int i = 0; i < 3; ++i) {
      const auto sent = co_await near.send(room);
      EXPECT_TRUE(sent);
      const auto got = co_await near.recv(room, rt.now() + 5s);
      EXPECT_EQ(got.error(), std::errc::connection_refused);
    }
    const auto none = co_await near.recv(room, rt.now() + 2ms);
    EXPECT_EQ(none.error(), std::errc::timed_out);
    EXPECT_EQ(R::udp_socket::bind(rt, {"nowhere", 1}).error(), std::errc::invalid_argument);
    EXPECT_EQ(R::udp_socket::bind(rt, {"192.0.2.1", 0}).error(), std::errc::address_not_available);
    auto free = R::udp_socket::bind(rt, any).value();
    const endpoint nonsense("no address", 1);
    const auto bad = co_await free.send_to(room, nonsense);
    EXPECT_EQ(bad.error(), std::errc::invalid_argument);
    EXPECT_EQ(R::udp_socket::bind(rt, free.local_endpoint()).error(), std::errc::address_in_use);
  });
}

TYPED_TEST(datagrams, are_waited_for_until_a_deadline_or_a_stop) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto near = R::udp_socket::bind(rt, any).value();
    auto far = R::udp_socket::bind(rt, any).value();
    std::array<std::byte, 32> room{};
    const auto before = rt.now();
    const auto late = co_await far.recv_from(room, before + 3ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    EXPECT_GE(rt.now() - before, 3ms);
    const auto unready = co_await far.readable(rt.now() + 1ms);
    EXPECT_EQ(unready.error(), std::errc::timed_out);
    const int storms = rounds(40);
    for (int i = 0; i < storms; ++i) {
      tenon::scope one{rt};
      one.spawn(
          [](typename R::udp_socket& from, std::span<std::byte> into) -> task<void> {
            const auto got = co_await from.recv_from(into);
            EXPECT_EQ(got.error(), std::errc::operation_canceled);
          },
          std::ref(far), std::span<std::byte>(room));
      for (int spins = 0; spins < i % 5; ++spins) co_await tenon::yield();
      one.cancel();
      co_await one.join();
    }
    const std::array<std::byte, 8> what{std::byte{1}};
    const auto sent = co_await near.send_to(what, far.local_endpoint());
    EXPECT_TRUE(sent);
    const auto ready = co_await far.readable(rt.now() + 5s);
    EXPECT_TRUE(ready);
    EXPECT_EQ(room, (std::array<std::byte, 32>{})) << "what came later is not in a buffer that was let go";
    const auto got = co_await far.recv_from(room, rt.now() + 5s);
    EXPECT_EQ(got.value().size, 8U);
  });
}

TYPED_TEST(datagrams, outlive_signals) {
  using R = typename TypeParam::runtime;
  struct sigaction quiet{};
  struct sigaction before{};
  quiet.sa_handler = [](int) {};  // and no SA_RESTART
  ::sigaction(SIGUSR1, &quiet, &before);
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    auto far = R::udp_socket::bind(rt, any).value();
    std::array<std::byte, 8> room{};
    std::atomic<bool> over{false};
    const ::pthread_t self = ::pthread_self();
    std::thread rings([&over, self] {
      while (!over) {
        ::pthread_kill(self, SIGUSR1);
        std::this_thread::sleep_for(50us);
      }
    });
    const auto got = co_await far.recv_from(room, rt.now() + 5ms);
    EXPECT_EQ(got.error(), std::errc::timed_out);
    over = true;
    rings.join();
  });
  ::sigaction(SIGUSR1, &before, nullptr);
}

TYPED_TEST(datagrams, are_of_ipv6_and_of_groups_too) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    std::array<std::byte, 8> room{};
    auto six = R::udp_socket::bind(rt, {"::1", 0});
    if (six) {
      const auto sent = co_await six->send_to(room, six->local_endpoint());
      EXPECT_TRUE(sent);
      const auto got = co_await six->recv_from(room, rt.now() + 5s);
      EXPECT_EQ(got.value().from, six->local_endpoint());
    }
    auto door = R::udp_socket::bind(rt, {"0.0.0.0", 0}).value();
    EXPECT_TRUE(door.allow_broadcast());
    int on = 0;
    socklen_t size = sizeof on;
    EXPECT_EQ(::getsockopt(door.native_handle(), SOL_SOCKET, SO_BROADCAST, &on, &size), 0);
    EXPECT_EQ(on, 1);
    EXPECT_EQ(door.join_group({"127.0.0.1", 0}).error(), std::errc::invalid_argument) << "no group";
    constexpr unsigned loopback = 1;
    const endpoint group("239.255.77.77", 0);
    const auto joined = door.join_group(group, loopback);
    if (joined) {
      const auto left = door.leave_group(group, loopback);
      EXPECT_TRUE(left);
      EXPECT_EQ(door.leave_group(group, loopback).error(), std::errc::address_not_available);
    }
  });
}

TEST(udp_socket, is_one_pointer) {
  using R = tenon::runtime<>;
  static_assert(sizeof(R::udp_socket) == sizeof(void*));
}

}  // namespace
