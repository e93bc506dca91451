// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/upgraded.hpp>

#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include <sys/socket.h>

namespace {

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};

TEST(upgraded, moves_the_stream_and_what_was_read_ahead_of_it) {
  subject rt;
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
  const tenon::unique_fd far(pair[1]);
  using stream = tenon::stream_socket<subject::runtime>;
  tenon::http::buffer ahead;
  ahead.append("ahead");
  tenon::http::upgraded<stream> first(stream(rt, tenon::unique_fd(pair[0])), std::move(ahead));
  const tenon::http::upgraded<stream> second = std::move(first);
  EXPECT_EQ(second.in.view(), "ahead");
  EXPECT_EQ(second.stream.native_handle(), pair[0]);
}

}  // namespace
