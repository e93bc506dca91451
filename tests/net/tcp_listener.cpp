// SPDX-License-Identifier: BSL-1.0
#include "wires.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace tenon_test;

template <class R>
class listeners : public testing::Test {};
TYPED_TEST_SUITE(listeners, all_wired);

TYPED_TEST(listeners, bind_or_say_why_not) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    const auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0});
    EXPECT_TRUE(door);
    EXPECT_EQ(door->local_endpoint().address(), "127.0.0.1");
    EXPECT_NE(door->local_endpoint().port(), 0);
    EXPECT_GE(door->native_handle(), 0);
    EXPECT_EQ(R::tcp_listener::bind(rt, door->local_endpoint()).error(), std::errc::address_in_use);
    EXPECT_EQ(R::tcp_listener::bind(rt, {"nowhere", 1}).error(), std::errc::invalid_argument);
    EXPECT_EQ(R::tcp_listener::bind(rt, {"192.0.2.1", 0}).error(), std::errc::address_not_available);
    co_return;
  });
}

TYPED_TEST(listeners, go_on_when_descriptors_come_back) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
    auto peer = co_await R::tcp_stream::connect(rt, door.local_endpoint());
    EXPECT_TRUE(peer);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few{static_cast<rlim_t>(open_descriptors() + 8), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    std::vector<tenon::unique_fd> all;
    for (;;) {
      tenon::unique_fd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!one) break;
      all.push_back(std::move(one));
    }
    tenon::scope taker{rt};
    std::atomic<bool> taken{false};
    taker.spawn(
        [](typename R::tcp_listener& from, std::atomic<bool>* out) -> task<void> {
          const auto got = co_await from.accept();
          EXPECT_TRUE(got) << got.error().message();
          *out = true;
        },
        std::ref(door), &taken);
    (void)co_await tenon::sleep_for(10ms);
    EXPECT_FALSE(taken);
    all.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);
    co_await taker.join();
    EXPECT_TRUE(taken);
  });
}

TYPED_TEST(listeners, are_cancelled_while_descriptors_are_out) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
    auto peer = co_await R::tcp_stream::connect(rt, door.local_endpoint());
    EXPECT_TRUE(peer);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{3, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    tenon::scope taker{rt};
    taker.spawn(
        [](typename R::tcp_listener& from) -> task<void> {
          const auto got = co_await from.accept();
          EXPECT_EQ(got.error(), std::errc::operation_canceled);
        },
        std::ref(door));
    (void)co_await tenon::sleep_for(3ms);
    taker.cancel();
    co_await taker.join();
    ::setrlimit(RLIMIT_NOFILE, &before);
  });
}

TYPED_TEST(listeners, take_a_crowd_that_came_at_once) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto door = R::tcp_listener::bind(rt, {"::1", 0});
    if (!door) door = R::tcp_listener::bind(rt, {"127.0.0.1", 0});  // no IPv6 here
    const tenon::endpoint at = door->local_endpoint();
    std::vector<typename R::tcp_stream> callers;
    for (int i = 0; i < 40; ++i) {
      auto caller = co_await R::tcp_stream::connect(rt, at);
      EXPECT_TRUE(caller);
      callers.push_back(std::move(*caller));
    }
    for (int i = 0; i < 40; ++i) {
      const auto peer = co_await door->accept();
      EXPECT_TRUE(peer);
      EXPECT_NE(peer->remote_endpoint().port(), 0);
      EXPECT_NE(::fcntl(peer->native_handle(), F_GETFL) & O_NONBLOCK, 0);
      EXPECT_NE(::fcntl(peer->native_handle(), F_GETFD) & FD_CLOEXEC, 0);
    }
  });
}

}  // namespace
