// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/stream_socket.hpp>

#include "wires.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <system_error>
#include <utility>

#include <sys/socket.h>

namespace {

using namespace tenon_test;

template <class R>
class sockets : public testing::Test {};
TYPED_TEST_SUITE(sockets, all_wired);

TYPED_TEST(sockets, of_a_pair_made_elsewhere_are_taken_over) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    tenon::stream_socket<R> near(rt, tenon::unique_fd(pair[0]));
    tenon::stream_socket<R> far(rt, tenon::unique_fd(pair[1]));
    static_assert(sizeof near == sizeof(void*));
    EXPECT_EQ(&near.runtime(), &rt);
    std::array<std::byte, 32> room{};
    EXPECT_EQ(near.try_read_some(room).error(), std::errc::operation_would_block);
    const auto sent = co_await far.write_all(std::span(room).first(20));
    EXPECT_EQ(sent.value(), 20U);
    const auto got = co_await near.read_some(room, rt.now() + 5s);
    EXPECT_EQ(got.value(), 20U);
    EXPECT_TRUE(far.shutdown_send());
    const auto end = co_await near.read_some(room, rt.now() + 5s);
    EXPECT_EQ(end.value(), 0U);
  });
}

// An idle connection is a descriptor and the wait it sits in: neither has grown.
TEST(stream_socket, costs_what_it_did) {
  using R = tenon::runtime<tenon::epoll, tenon::stealing<>>;
  static_assert(sizeof(R::tcp_stream) == sizeof(void*));
  static_assert(sizeof(tenon::detail::descriptor<R>) <= 88);
  static_assert(sizeof(tenon::io_operation) <= 56);
  static_assert(sizeof(tenon::detail::io_wait<R>) <= 232);
}

}  // namespace
