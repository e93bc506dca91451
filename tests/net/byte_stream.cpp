// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/byte_stream.hpp>

#include <tenon/net/unix_stream.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <sys/socket.h>

namespace {

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};

static_assert(tenon::byte_stream<subject::tcp_stream>);
static_assert(tenon::byte_stream<subject::unix_stream>);
static_assert(tenon::byte_stream<tenon::stream_socket<subject::runtime>>);
static_assert(!tenon::byte_stream<subject::tcp_listener> && !tenon::byte_stream<int>);

/// Hands on what comes, over whatever it comes.
template <tenon::byte_stream Stream>
tenon::task<std::size_t> hand_on(Stream from, Stream to) {
  std::size_t bytes = 0;
  std::array<std::byte, 16> room;
  for (;;) {
    const auto n = co_await from.read_some(room, from.runtime().now() + std::chrono::seconds(5));
    if (!n || *n == 0) break;
    const auto sent = co_await to.write_all(std::span(room).first(*n), tenon::never, tenon::on_stop::finish);
    if (!sent) break;
    bytes += *n;
  }
  co_return bytes;
}

TEST(byte_stream, is_what_generic_code_needs) {
  subject rt;
  const std::size_t bytes = rt.run([](subject::runtime& runtime) -> tenon::task<std::size_t> {
    using stream = tenon::stream_socket<subject::runtime>;
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, in.data()) != 0) co_return 0;
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, out.data()) != 0) co_return 0;
    stream near(runtime, tenon::unique_fd(in[0]));
    stream far(runtime, tenon::unique_fd(out[0]));
    constexpr std::string_view said = "more than sixteen bytes of it";
    const auto sent = near.try_write_some(std::as_bytes(std::span(said)));
    EXPECT_EQ(sent.value(), said.size());
    EXPECT_TRUE(near.shutdown_send());
    const std::size_t moved =
        co_await hand_on(stream(runtime, tenon::unique_fd(in[1])), stream(runtime, tenon::unique_fd(out[1])));
    std::array<char, 64> room{};
    const auto got = far.try_read_some(std::as_writable_bytes(std::span(room)));
    EXPECT_EQ(std::string_view(room.data(), got.value()), said);
    co_return moved;
  }(rt));
  EXPECT_EQ(bytes, 29U);
}

}  // namespace
