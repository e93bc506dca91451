// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/websocket_end.hpp>

#include <tenon/net/stream_socket.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <malloc.h>
#include <sys/socket.h>

namespace {

namespace http = tenon::http;

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};
using stream = tenon::stream_socket<subject::runtime>;
using server_end = http::websocket_end<stream>;

/// One end, whose other is a plain socket.
template <class Act>
void with_end(Act act) {
  subject rt;
  rt.run([](subject::runtime& runtime, Act& body) -> tenon::task<void> {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    const tenon::unique_fd far(pair[1]);
    server_end end(stream(runtime, tenon::unique_fd(pair[0])), http::websocket_role::server, {}, {}, "chat");
    co_await body(end, far.get());
  }(rt, act));
}
std::string heard(int far) {
  std::array<char, 4096> room;
  const auto n = ::recv(far, room.data(), room.size(), MSG_DONTWAIT);
  return n > 0 ? std::string(room.data(), static_cast<std::size_t>(n)) : std::string();
}

TEST(websocket_end, answers_the_last_of_many_pings_when_nobody_writes) {
  with_end([](server_end& end, int far) -> tenon::task<void> {
    EXPECT_EQ(end.protocol, "chat");
    EXPECT_FALSE(end.owes());
    end.owe_pong(std::span<const char>("one", 3));
    end.owe_pong(std::span<const char>("two", 3));
    EXPECT_TRUE(end.owes());
    {
      const auto writer = end.writing.try_lock();
      EXPECT_FALSE(end.send_owed()) << "the writer will";
      EXPECT_TRUE(end.owes());
      EXPECT_EQ(heard(far), "");
    }
    EXPECT_FALSE(end.send_owed());
    EXPECT_FALSE(end.owes());
    EXPECT_EQ(heard(far), std::string("\x8a\x03two", 5));
    co_return;
  });
}

TEST(websocket_end, what_a_full_socket_does_not_take_goes_first_later) {
  with_end([](server_end& end, int far) -> tenon::task<void> {
    std::string full(1 << 20, 'f');
    auto took = end.stream.try_write_some(std::as_bytes(std::span<const char>(full)));
    while (took) took = end.stream.try_write_some(std::as_bytes(std::span<const char>(full)));
    end.owe_pong(std::span<const char>("pong", 4));
    EXPECT_TRUE(end.send_owed()) << "stuck";
    EXPECT_TRUE(end.owes());
    (void)end.put_head(http::opcode::text, true, 2);
    end.put("hi", std::nullopt, 0);
    EXPECT_EQ(end.out.view(), std::string_view("\x8a\x04pong\x81\x02hi", 10));
    std::string last;
    for (std::string now = heard(far); !now.empty(); now = heard(far)) last = now;
    EXPECT_EQ(last.back(), 'f');
    const auto room = co_await end.stream.writable();
    EXPECT_TRUE(room.has_value());
    EXPECT_FALSE(end.send_owed());
    EXPECT_EQ(heard(far), std::string("\x8a\x04pong\x81\x02hi", 10));
  });
}

TEST(websocket_end, gives_the_room_of_a_large_message_back_though_it_came_in_one_piece) {
  with_end([](server_end& end, int) -> tenon::task<void> {
    const std::string_view head("\x82\xfe\xea\x60\0\0\0\0", 8);  // 60,000 bytes, masked with zeros
    std::string told(head);
    const std::size_t before = ::mallinfo2().uordblks;
    const auto seen = end.parser.parse(told);
    EXPECT_EQ(seen.what, http::frame_event::kind::more);
    const auto room = end.room_for_message();
    EXPECT_EQ(room.size(), 60'000U);
    const auto piece = end.parser.parse({reinterpret_cast<char*>(room.data()), room.size()});
    const auto whole = end.take_in(piece);
    EXPECT_TRUE(whole && whole->data.size() == 60'000);
    EXPECT_FALSE(end.begin_message());
    EXPECT_LT(::mallinfo2().uordblks, before + 16 * 1024) << "an idle one holds more than kept_bytes";
    co_return;
  });
}

TEST(websocket_end, names_its_failures) {
  EXPECT_EQ(server_end::error_of(http::close_code::too_big), std::errc::message_size);
  EXPECT_EQ(server_end::error_of(http::close_code::invalid_data), std::errc::illegal_byte_sequence);
  EXPECT_EQ(server_end::error_of(http::close_code::protocol_error), std::errc::protocol_error);
}

}  // namespace
