// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/websocket.hpp>

#include "../net/wires.hpp"

#include <tenon/http/detail/mask.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace http = tenon::http;
using http::close_code;
using http::opcode;
using http::websocket_role;

template <class R>
using socket = http::websocket<typename R::tcp_stream>;

/// Both ends of a WebSocket on the loopback.
template <class R>
struct pair {
  socket<R> server;
  socket<R> client;

  pair(tenon_test::wire<R> over, const http::websocket_settings& at_server, const http::websocket_settings& at_client)
      : server(std::move(over.far), websocket_role::server, {}, at_server),
        client(std::move(over.near), websocket_role::client, {}, at_client) {}
};

/// Runs `act(rt, both)` on runtime R; `books` see that nothing is left.
template <class R, class Act>
void with_pair(Act act, const http::websocket_settings& at_server = {},
               const http::websocket_settings& at_client = {}) {
  tenon_test::run_wired<R>(
      2,
      [](typename R::runtime& rt, Act& body, const http::websocket_settings& one,
         const http::websocket_settings& other) -> tenon::task<void> {
        auto over = co_await tenon_test::make_wire<R>(rt);
        pair<R> both(std::move(over), one, other);
        co_await body(rt, both);
      },
      act, at_server, at_client);
}

/// What a read gives, as words.
template <class Socket>
tenon::task<std::string> told(Socket& from) {
  auto got = co_await from.read();
  if (!got) co_return "error: " + got.error().message();
  if (got->is_close())
    co_return "close " + std::to_string(static_cast<unsigned>(got->code)) + ' ' + std::string(got->text());
  co_return (got->is_text() ? "text " : "binary ") + std::string(got->text());
}
template <class Socket>
tenon::task<void> echo(Socket& on) {
  for (;;) {
    auto got = co_await on.read();
    if (!got || got->is_close()) break;
    tenon::result<void> sent;
    if (got->is_text()) {
      sent = co_await on.write(got->text());
    } else {
      sent = co_await on.write(got->bytes());
    }
    EXPECT_TRUE(sent.has_value());
    if (!sent) break;
  }
}

using one_thread = tenon_test::wired<tenon::epoll, tenon::fifo, tenon::single_thread>;
using many = tenon_test::wired<tenon::epoll, tenon::stealing<>>;
template <class R>
struct websocket_on : testing::Test {};
using runtimes = testing::Types<one_thread, many
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                ,
                                tenon_test::wired<tenon::io_uring<>, tenon::fifo, tenon::single_thread>
#endif
                                >;
TYPED_TEST_SUITE(websocket_on, runtimes);

TYPED_TEST(websocket_on, echoes_messages_of_all_sizes_and_closes) {
  using R = TypeParam;
  with_pair<R>([](typename R::runtime& rt, pair<R>& both) -> tenon::task<void> {
    tenon::scope other{rt};
    other.spawn(echo<socket<R>>, std::ref(both.server));
    for (const std::size_t size : {0U, 1U, 125U, 126U, 4096U, 16384U, 65535U, 65536U, 1'000'000U}) {
      std::string said(size, 'x');
      for (std::size_t i = 0; i < size; ++i) said[i] = static_cast<char>('a' + i % 23);
      auto sending = both.client.write(said);
      auto reading = told(both.client);
      auto [sent, got] = co_await tenon::when_all(std::move(sending), std::move(reading));
      EXPECT_TRUE(sent.has_value());
      EXPECT_TRUE(got == "text " + said) << size;
    }
    const std::string bytes("\xff\0\xfe", 3);
    auto sent = co_await both.client.write(std::as_bytes(std::span(bytes)));
    EXPECT_TRUE(sent.has_value());
    const std::string got = co_await told(both.client);
    EXPECT_EQ(got, "binary " + bytes);
    const auto closed = co_await both.client.close(close_code::normal, "bye");
    EXPECT_TRUE(closed.has_value()) << closed.error().message();
    const std::string after = co_await told(both.client);
    EXPECT_EQ(after, "error: " + std::make_error_code(std::errc::broken_pipe).message());
    sent = co_await both.client.write("more");
    EXPECT_EQ(sent.error(), std::errc::broken_pipe);
    co_await other.join();
  });
}

TYPED_TEST(websocket_on, one_task_reads_while_another_writes_and_pings_are_answered_between) {
  using R = TypeParam;
  http::websocket_settings quick;
  quick.ping_every = 5ms;
  with_pair<R>(
      [](typename R::runtime& rt, pair<R>& both) -> tenon::task<void> {
        constexpr int count = 200;
        const auto talk = [](socket<R>& on, char name) -> tenon::task<void> {
          const std::string said(20'000, name);
          for (int i = 0; i < count; ++i) {
            const auto sent = co_await on.write(said);
            EXPECT_TRUE(sent.has_value()) << sent.error().message();
          }
        };
        const auto hear = [](socket<R>& on, char name) -> tenon::task<void> {
          const bool slept = co_await tenon::sleep_for(20ms);  // pings come, and the sockets fill
          EXPECT_TRUE(slept);
          for (int i = 0; i < count; ++i) {
            const auto got = co_await on.read();
            EXPECT_TRUE(got.has_value()) << got.error().message();
            if (!got) co_return;
            EXPECT_TRUE(got->text() == std::string(20'000, name)) << got->text().size();
          }
        };
        tenon::scope all{rt};
        all.spawn(talk, std::ref(both.server), 's');
        all.spawn(talk, std::ref(both.client), 'c');
        all.spawn(hear, std::ref(both.server), 'c');
        all.spawn(hear, std::ref(both.client), 's');
        co_await all.join();
        auto one = both.server.close(close_code::going_away);
        auto other = told(both.client);
        auto [closed, got] = co_await tenon::when_all(std::move(one), std::move(other));
        EXPECT_TRUE(closed.has_value()) << closed.error().message();
        EXPECT_EQ(got, "close 1001 ");
      },
      quick, quick);
}

TYPED_TEST(websocket_on, close_by_the_writer_ends_the_reader_of_both_ends) {
  using R = TypeParam;
  with_pair<R>([](typename R::runtime& rt, pair<R>& both) -> tenon::task<void> {
    tenon::scope all{rt};
    std::string at_client;
    std::string at_server;
    const auto listen = [](socket<R>& on, std::string& into) -> tenon::task<void> { into = co_await told(on); };
    all.spawn(listen, std::ref(both.client), std::ref(at_client));
    all.spawn(listen, std::ref(both.server), std::ref(at_server));
    co_await tenon::yield();
    const auto closed = co_await both.client.close(static_cast<close_code>(4001), "why");
    EXPECT_TRUE(closed.has_value()) << closed.error().message();
    co_await all.join();
    EXPECT_EQ(at_server, "close 4001 why");
    EXPECT_EQ(at_client, "close 4001 ") << "the code comes back";
    const auto again = co_await both.client.close();
    EXPECT_TRUE(again.has_value());
  });
}

// ---- against bytes that a test wrote down

struct raw {
  tenon_test::wire<one_thread> over;
  socket<one_thread> ws;

  raw(tenon_test::wire<one_thread> both, websocket_role us, const http::websocket_settings& how)
      : over(std::move(both)), ws(std::move(over.far), us, {}, how) {}

  tenon::task<void> say(std::string_view bytes) {
    const auto sent = co_await over.near.write_all(std::as_bytes(std::span(bytes)));
    EXPECT_TRUE(sent.has_value());
  }
  /// What this end hears, until the other shuts down or nothing comes for a while.
  tenon::task<std::string> heard() {
    std::string all;
    for (;;) {
      std::array<std::byte, 4096> room;
      const auto n = co_await over.near.read_some(room, over.near.runtime().now() + 30ms);
      if (!n || *n == 0) break;
      all.append(reinterpret_cast<const char*>(room.data()), *n);
    }
    co_return all;
  }
};
template <class Act>
void with_raw(websocket_role us, const http::websocket_settings& how, Act act) {
  tenon_test::run_wired<one_thread>(
      1,
      [](one_thread::runtime& rt, websocket_role role, const http::websocket_settings& settings,
         Act& body) -> tenon::task<void> {
        auto both = co_await tenon_test::make_wire<one_thread>(rt);
        raw made(std::move(both), role, settings);
        co_await body(rt, made);
      },
      us, how, act);
}
std::string masked(opcode type, std::string_view payload, bool last = true) {
  const http::detail::mask_key key{'m', 'a', 's', 'k'};
  std::string body(payload);
  http::detail::mask(body.data(), payload.data(), body.size(), key, 0);
  return std::string(http::frame_head(type, last, payload.size(), key).bytes()) + body;
}
http::websocket_settings hasty() {
  http::websocket_settings out;
  out.close = 30ms;
  return out;
}

TEST(websocket, says_what_was_wrong_and_closes) {
  const std::pair<std::string, std::string> cases[] = {
      {masked(opcode::text, "\xff"), std::string("\x88\x02\x03\xef", 4)},
      {masked(opcode::continuation, "x"), std::string("\x88\x02\x03\xea", 4)},
      {std::string("\x81\x01x", 3), std::string("\x88\x02\x03\xea", 4)},
      {masked(opcode::binary, std::string(101, 'x')), std::string("\x88\x02\x03\xf1", 4)},
      {masked(opcode::close, std::string("\x03\xe8", 2) + "done"), std::string("\x88\x02\x03\xe8", 4)},
      {masked(opcode::close, ""), std::string("\x88\x00", 2)},
      {masked(opcode::ping, "p1") + masked(opcode::ping, "p2") + masked(opcode::close, ""),
       std::string("\x8a\x02p2\x88\x00", 6)},
  };
  for (const auto& [said, answered] : cases) {
    http::websocket_settings how = hasty();
    how.message_bytes = 100;
    with_raw(websocket_role::server, how, [&said, &answered](one_thread::runtime&, raw& with) -> tenon::task<void> {
      co_await with.say(said);
      tenon::task<std::string> hearing = with.heard();
      tenon::task<std::string> telling = told(with.ws);
      auto [heard, got] = co_await tenon::when_all(std::move(hearing), std::move(telling));
      EXPECT_EQ(heard, answered) << got;
      EXPECT_TRUE(got.starts_with("close") || got.starts_with("error")) << got;
      const auto sent = co_await with.ws.write("late");
      EXPECT_EQ(sent.error(), std::errc::broken_pipe);
    });
  }
}

TEST(websocket, an_end_without_a_close_frame_is_an_error) {
  with_raw(websocket_role::server, {}, [](one_thread::runtime&, raw& with) -> tenon::task<void> {
    co_await with.say(masked(opcode::text, "cut").substr(0, 7));
    (void)with.over.near.shutdown_send();
    const std::string got = co_await told(with.ws);
    EXPECT_EQ(got, "error: " + std::make_error_code(std::errc::connection_reset).message());
  });
}

TEST(websocket, a_client_masks_each_frame_with_a_key_of_its_own) {
  with_raw(websocket_role::client, hasty(), [](one_thread::runtime&, raw& with) -> tenon::task<void> {
    std::vector<std::string> keys;
    for (int i = 0; i < 40; ++i) {
      const auto sent = co_await with.ws.write("Hello");
      EXPECT_TRUE(sent.has_value());
      const std::string heard = co_await with.heard();
      EXPECT_EQ(heard.size(), 11U);
      EXPECT_EQ(heard.substr(0, 2), "\x81\x85");
      const std::string key = heard.substr(2, 4);
      std::string body = heard.substr(6);
      for (std::size_t at = 0; at < body.size(); ++at) body[at] = static_cast<char>(body[at] ^ key[at % 4]);
      EXPECT_EQ(body, "Hello");
      for (const std::string& before : keys) EXPECT_NE(key, before);
      keys.push_back(key);
      if (i == 2) break;
    }
  });
}

TEST(websocket, pings_a_silent_peer_and_gives_a_dead_one_up) {
  http::websocket_settings how = hasty();
  how.ping_every = 10ms;
  how.pong_within = 15ms;
  with_raw(websocket_role::server, how, [](one_thread::runtime& rt, raw& with) -> tenon::task<void> {
    tenon::scope side{rt};
    std::string got;
    side.spawn([](raw& by, std::string& into) -> tenon::task<void> { into = co_await told(by.ws); }, std::ref(with),
               std::ref(got));
    for (int i = 0; i < 3; ++i) {
      std::array<std::byte, 16> room;
      const auto n = co_await with.over.near.read_some(room, rt.now() + 5s);
      EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(room.data()), n ? *n : 0),
                std::string_view("\x89\x00", 2));
      if (i < 2) co_await with.say(masked(opcode::pong, ""));
    }
    co_await side.join();
    EXPECT_EQ(got, "error: " + std::make_error_code(std::errc::timed_out).message());
    const auto sent = co_await with.ws.write("x");
    EXPECT_EQ(sent.error(), std::errc::broken_pipe);
  });
}

TEST(websocket, a_read_with_a_deadline_can_be_read_again) {
  with_raw(websocket_role::server, {}, [](one_thread::runtime& rt, raw& with) -> tenon::task<void> {
    const auto none = co_await with.ws.read(rt.now() + 2ms);
    EXPECT_EQ(none.error(), std::errc::timed_out);
    const std::string all = masked(opcode::text, "in two");
    co_await with.say(all.substr(0, 9));
    const auto half = co_await with.ws.read(rt.now() + 2ms);
    EXPECT_EQ(half.error(), std::errc::timed_out);
    co_await with.say(all.substr(9));
    const std::string got = co_await told(with.ws);
    EXPECT_EQ(got, "text in two");
  });
}

TEST(websocket, pings_a_silent_peer_though_each_read_has_less_patience_than_that) {
  http::websocket_settings how = hasty();
  how.ping_every = 20ms;
  how.pong_within = 5s;
  with_raw(websocket_role::server, how, [](one_thread::runtime& rt, raw& with) -> tenon::task<void> {
    std::array<std::byte, 16> room;
    tenon::result<std::size_t> heard{0};
    for (int i = 0; i < 2000; ++i) {
      const auto none = co_await with.ws.read(rt.now() + 1ms);
      EXPECT_EQ(none.error(), std::errc::timed_out);
      heard = with.over.near.try_read_some(room);
      if (heard) break;
    }
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(room.data()), heard ? *heard : 0),
              std::string_view("\x89\x00", 2));
    co_await with.say(masked(opcode::pong, "") + masked(opcode::text, "alive"));
    const std::string got = co_await told(with.ws);
    EXPECT_EQ(got, "text alive");
  });
}

TEST(websocket, close_waits_no_longer_than_it_says) {
  with_raw(websocket_role::server, hasty(), [](one_thread::runtime& rt, raw& with) -> tenon::task<void> {
    const auto bad = co_await with.ws.close(close_code::abnormal);
    EXPECT_EQ(bad.error(), std::errc::invalid_argument);
    const auto before = rt.now();
    const auto late = co_await with.ws.close(close_code::normal);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    EXPECT_LT(rt.now() - before, 5s);
  });
  // and where another task reads, and the other side sends on and on
  with_raw(websocket_role::server, hasty(), [](one_thread::runtime& rt, raw& with) -> tenon::task<void> {
    tenon::scope side{rt};
    side.spawn(
        [](raw& by) -> tenon::task<void> {
          for (;;) {
            const auto got = co_await by.ws.read();
            if (!got) break;
          }
        },
        std::ref(with));
    co_await tenon::yield();
    const auto late = co_await with.ws.close(close_code::normal);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    co_await side.join();
  });
}

TEST(websocket, a_task_that_comes_to_read_while_another_closes_is_told_that_it_is_over) {
  with_raw(websocket_role::server, {}, [](one_thread::runtime& rt, raw& with) -> tenon::task<void> {
    tenon::scope side{rt};
    bool closed = false;
    side.spawn(
        [](raw& by, bool& done) -> tenon::task<void> {
          const auto said = co_await by.ws.close();
          done = said.has_value();
        },
        std::ref(with), std::ref(closed));
    for (int turns = 0; turns < 4; ++turns) co_await tenon::yield();
    const auto got = co_await with.ws.read();
    EXPECT_EQ(got.error(), std::errc::broken_pipe);
    std::byte room[8];
    const auto piece = co_await with.ws.read_some(room);
    EXPECT_EQ(piece.error(), std::errc::broken_pipe);
    co_await with.say(masked(opcode::close, std::string_view("\x03\xe8", 2)));
    co_await side.join();
    EXPECT_TRUE(closed);
  });
}

TEST(websocket, read_some_gives_a_message_in_pieces_and_write_some_sends_one) {
  with_pair<one_thread>([](one_thread::runtime& rt, pair<one_thread>& both) -> tenon::task<void> {
    tenon::scope side{rt};
    side.spawn(
        [](socket<one_thread>& on) -> tenon::task<void> {
          const std::string part(30'000, 'p');
          const auto bytes = std::as_bytes(std::span(part));
          for (const auto more : {http::websocket_part::more, http::websocket_part::more, http::websocket_part::last}) {
            const auto sent = co_await on.write_some(opcode::text, bytes, more);
            EXPECT_TRUE(sent.has_value());
          }
          auto sent = co_await on.write_some(opcode::binary, {}, http::websocket_part::last);
          EXPECT_TRUE(sent.has_value());
          sent = co_await on.write("after");
          EXPECT_TRUE(sent.has_value());
          const auto closed = co_await on.close();
          EXPECT_TRUE(closed.has_value());
        },
        std::ref(both.client));
    std::vector<std::byte> room(10'000);
    std::size_t total = 0;
    for (;;) {
      const auto got = co_await both.server.read_some(room);
      EXPECT_TRUE(got.has_value());
      if (!got) break;
      EXPECT_EQ(got->type, opcode::text);
      EXPECT_TRUE(got->size > 0 || got->last);
      for (std::size_t i = 0; i < got->size; ++i) EXPECT_EQ(room[i], std::byte{'p'});
      total += got->size;
      if (got->last) break;
    }
    EXPECT_EQ(total, 90'000U);
    std::byte few[2];
    const auto empty = co_await both.server.read_some(few);
    EXPECT_TRUE(empty && empty->last && empty->size == 0 && empty->type == opcode::binary);
    const auto first = co_await both.server.read_some(few);
    EXPECT_TRUE(first && !first->last && first->size == 2);
    const std::string rest = co_await told(both.server);
    EXPECT_EQ(rest, "text ter") << "what read_some left of it";
    const auto end = co_await both.server.read_some(few);
    EXPECT_TRUE(end && end->type == opcode::close && end->code == close_code::normal);
    co_await side.join();
  });
}

TEST(websocket, nothing_goes_between_the_pieces_of_a_message) {
  with_pair<one_thread>([](one_thread::runtime&, pair<one_thread>& both) -> tenon::task<void> {
    const auto bytes = std::as_bytes(std::span(std::string_view("piece")));
    auto sent = co_await both.client.write_some(opcode::text, bytes, http::websocket_part::more);
    EXPECT_TRUE(sent.has_value());
    sent = co_await both.client.write("between");
    EXPECT_EQ(sent.error(), std::errc::operation_in_progress);
    sent = co_await both.client.write_some(opcode::text, bytes, http::websocket_part::last);
    EXPECT_TRUE(sent.has_value());
    sent = co_await both.client.write("after");
    EXPECT_TRUE(sent.has_value());
    std::string got = co_await told(both.server);
    EXPECT_EQ(got, "text piecepiece");
    got = co_await told(both.server);
    EXPECT_EQ(got, "text after");
  });
}

TEST(websocket, a_read_that_is_stopped_loses_nothing) {
  with_raw(websocket_role::server, {}, [](one_thread::runtime& rt, raw& with) -> tenon::task<void> {
    const std::string all = masked(opcode::text, "hello");
    for (std::size_t cut = 1; cut < all.size(); ++cut) {
      co_await with.say(all.substr(0, cut));
      tenon::scope side{rt};
      side.spawn(
          [](raw& by) -> tenon::task<void> {
            const auto got = co_await by.ws.read();
            EXPECT_EQ(got.error(), std::errc::operation_canceled);
          },
          std::ref(with));
      for (int turns = 0; turns < 4; ++turns) co_await tenon::yield();
      side.cancel();
      co_await side.join();
      co_await with.say(all.substr(cut));
      const std::string got = co_await told(with.ws);
      EXPECT_EQ(got, "text hello");
    }
  });
}

}  // namespace
