// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/acceptor.hpp>

#include "wires.hpp"

#include <chrono>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace tenon_test;

template <class R>
class acceptors : public testing::Test {};
TYPED_TEST_SUITE(acceptors, all_wired);

TYPED_TEST(acceptors, take_a_listening_descriptor_over) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    tenon::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    auto address = tenon::endpoint("127.0.0.1", 0).to_native().value();
    EXPECT_EQ(::bind(fd.get(), address.data(), address.size), 0);
    EXPECT_EQ(::listen(fd.get(), 8), 0);
    EXPECT_EQ(::getsockname(fd.get(), address.data(), &address.size), 0);
    tenon::acceptor<R, typename R::tcp_stream> door(rt, std::move(fd));
    const auto late = co_await door.accept(rt.now() + 2ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    auto near = co_await R::tcp_stream::connect(rt, tenon::endpoint::from_native(address));
    const auto far = co_await door.accept(rt.now() + 5s);
    EXPECT_TRUE(near && far);
  });
}

TYPED_TEST(acceptors, keep_their_deadline_while_descriptors_are_out) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
    auto peer = co_await R::tcp_stream::connect(rt, door.local_endpoint());
    EXPECT_TRUE(peer);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{3, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const auto got = co_await door.accept(rt.now() + 5ms);
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(got.error(), std::errc::timed_out);
  });
}

TEST(acceptor, is_refused_outside_of_its_runtime) {
  const books kept;
  wired<tenon::epoll, tenon::fifo, tenon::single_thread> ours;
  wired<tenon::poll, tenon::stealing<>> theirs{{.threads = 1}};
  using R = decltype(ours)::runtime;
  auto door = R::tcp_listener::bind(ours, {"127.0.0.1", 0}).value();
  theirs.run([](R::tcp_listener& from) -> task<void> {
    const auto peer = co_await from.accept();
    EXPECT_EQ(peer.error(), std::errc::operation_not_permitted);
  }(door));
}

}  // namespace
