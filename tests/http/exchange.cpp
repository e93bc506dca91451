// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/exchange.hpp>

#include "served.hpp"

#include <stdexcept>

namespace {

using namespace served;

template <class R>
class exchange : public ::testing::Test {};
TYPED_TEST_SUITE(exchange, runtimes);

constexpr std::string_view close_line = "Connection: close\r\n";

template <class X>
tenon::task<void> repeat(X& x) {
  const auto body = co_await x.read_all(1000);
  if (!body) co_return;
  const std::string text = std::string(x.request().path) + ":" + std::string(body->view());
  const auto sent = co_await x.reply({.content_type = "text/plain", .body = text});
  EXPECT_TRUE(sent);
}

std::string plain(std::string_view body, std::string_view more = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more) + "\r\n" + std::string(body);
}

TYPED_TEST(exchange, requests_that_come_together_are_answered_in_order_whatever_their_framing) {
  using x = typename handing_over<TypeParam>::exchange;
  const std::string got = conversation<TypeParam>(
      repeat<x>,
      "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz"
      "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nuv\r\n3;x=y\r\nw\r\n\r\n0\r\nT: t\r\n\r\n"
      "GET /d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(got, plain("/a:") + plain("/b:xyz") + plain("/c:uvw\r\n") + plain("/d:", close_line));
}

TYPED_TEST(exchange, a_body_that_comes_byte_by_byte_leaves_the_head_where_it_is) {
  using x = typename handing_over<TypeParam>::exchange;
  handing_over<TypeParam> service([](x& one) -> tenon::task<void> {
    const std::string_view path = one.request().path;
    const auto kind = one.request().headers.find("x-kind");
    std::string body;
    std::array<std::byte, 7> room;
    for (;;) {
      const auto n = co_await one.read_some(room);
      EXPECT_TRUE(n);
      if (!n || *n == 0) break;
      body.append(reinterpret_cast<const char*>(room.data()), *n);
    }
    body = std::string(path) + std::string(kind.value_or("")) + body;
    const auto sent = co_await one.reply({.content_type = "text/plain", .body = body});
    EXPECT_TRUE(sent);
  });
  for (const std::string_view text :
       {"PUT /p HTTP/1.1\r\nHost: h\r\nX-Kind: k\r\nContent-Length: 26\r\nConnection: close\r\n\r\n"
        "abcdefghijklmnopqrstuvwxyz",
        "PUT /p HTTP/1.1\r\nHost: h\r\nX-Kind: k\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        "1\r\na\r\n18;e\r\nbcdefghijklmnopqrstuvwxy\r\n1\r\nz\r\n0\r\nTrailer: x\r\n\r\n"}) {
    with_server<TypeParam>(service, [text](typename TypeParam::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
      auto peer = co_await connect<TypeParam>(rt, at);
      for (const char& byte : text) {
        const bool said = co_await say(peer, {&byte, 1});
        EXPECT_TRUE(said);
        co_await tenon::yield();
        co_await tenon::yield();
      }
      const std::string got = co_await read_all(peer);
      EXPECT_EQ(dateless(got), plain("/pkabcdefghijklmnopqrstuvwxyz", close_line));
    });
  }
}

template <class X>
tenon::task<void> stream_three(X& x) {
  const auto begun = x.begin({.content_type = "text/plain"});
  EXPECT_TRUE(begun);
  for (const std::string_view piece : {"one", "", "two"}) {
    const auto sent = co_await x.write(piece);
    EXPECT_TRUE(sent);
  }
  const auto sent = co_await x.finish("three");
  EXPECT_TRUE(sent);
  const auto late = co_await x.write("late");
  EXPECT_EQ(late.error(), std::errc::operation_not_permitted);
}

TYPED_TEST(exchange, an_answer_of_unknown_length_is_chunked_for_1_1_and_ends_the_connection_for_1_0) {
  using x = typename handing_over<TypeParam>::exchange;
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
  EXPECT_EQ(
      conversation<TypeParam>(stream_three<x>, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
      head + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
  EXPECT_EQ(conversation<TypeParam>(stream_three<x>, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            head + "Connection: close\r\n\r\nonetwothree");
  EXPECT_EQ(
      conversation<TypeParam>(stream_three<x>,
                              "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD / HTTP/1.1\r\nHost: h\r\nConnection: "
                              "close\r\n\r\n"),
      head + "Transfer-Encoding: chunked\r\n\r\n" + head + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
}

TYPED_TEST(exchange, an_answer_of_a_known_length_keeps_the_connection_and_one_that_is_short_cuts_it) {
  using x = typename handing_over<TypeParam>::exchange;
  const auto sized = [](x& one) -> tenon::task<void> {
    const auto begun = one.begin({.headers = {}}, 6);
    EXPECT_TRUE(begun);
    const auto first = co_await one.write("abc");
    EXPECT_TRUE(first);
    const auto too_much = co_await one.write("abcd");
    EXPECT_EQ(too_much.error(), std::errc::message_size);
    if (one.request().path == "/short") co_return;
    const auto sent = co_await one.finish("def");
    EXPECT_TRUE(sent);
  };
  EXPECT_EQ(conversation<TypeParam>(sized,
                                    "GET /full HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                                    "GET /short HTTP/1.1\r\nHost: h\r\n\r\nGET /never HTTP/1.1\r\nHost: h\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\nabcdef"
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
}

TYPED_TEST(exchange, no_answer_and_an_exception_are_500_and_a_half_sent_answer_ends_the_connection) {
  using x = typename handing_over<TypeParam>::exchange;
  const auto careless = [](x& one) -> tenon::task<void> {
    const std::string_view path = one.request().path;
    if (path == "/begun" || path == "/half") {
      const auto begun = one.begin({});
      EXPECT_TRUE(begun);
      const auto again = one.begin({});
      EXPECT_EQ(again.error(), std::errc::operation_not_permitted);
    }
    if (path == "/half") {
      const auto sent = co_await one.write("half");
      EXPECT_TRUE(sent);
    }
    if (path != "/nothing") throw std::runtime_error("on purpose");
    co_return;
  };
  const std::string error =
      "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\n"
      "Internal Server Error";
  EXPECT_EQ(conversation<TypeParam>(careless,
                                    "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\nGET /thrown HTTP/1.1\r\nHost: h\r\n\r\n"
                                    "GET /begun HTTP/1.1\r\nHost: h\r\n\r\nGET /half HTTP/1.1\r\nHost: h\r\n\r\n"),
            error + error + error + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
}

TYPED_TEST(exchange, a_status_without_a_body_has_none) {
  using x = typename handing_over<TypeParam>::exchange;
  const auto handler = [](x& one) -> tenon::task<void> {
    const auto begun =
        one.begin({.status = one.request().path == "/204" ? http::status::no_content : http::status::not_modified});
    EXPECT_TRUE(begun);
    const auto sent = co_await one.write("not this");
    EXPECT_TRUE(sent);
    const auto ended = co_await one.finish();
    EXPECT_TRUE(ended);
  };
  EXPECT_EQ(conversation<TypeParam>(handler,
                                    "GET /204 HTTP/1.1\r\nHost: h\r\n\r\nGET /304 HTTP/1.1\r\nHost: h\r\nConnection: "
                                    "close\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
}

TYPED_TEST(exchange, a_client_that_expects_100_gets_it_when_the_body_is_read_and_not_when_it_is_not) {
  using x = typename handing_over<TypeParam>::exchange;
  handing_over<TypeParam> service(
      [](x& one) -> tenon::task<void> {
        if (one.request().path == "/read") {
          co_await repeat(one);
          co_return;
        }
        const auto sent = co_await one.reply({.status = http::status::forbidden});
        EXPECT_TRUE(sent);
      },
      {.close = 20ms});
  with_server<TypeParam>(service, [](typename TypeParam::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = co_await connect<TypeParam>(rt, at);
    const std::string lines = " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    const bool asked = co_await say(peer, "PUT /read" + lines);
    EXPECT_TRUE(asked);
    const std::string go_on = co_await read_until(peer, "\r\n\r\n");
    EXPECT_EQ(go_on, http::continue_line);
    const bool said = co_await say(peer, "body");
    EXPECT_TRUE(said);
    const std::string answer = co_await read_until(peer, "/read:body");
    EXPECT_EQ(dateless(answer), plain("/read:body"));
    const bool refused = co_await say(peer, "PUT /refuse" + lines);
    EXPECT_TRUE(refused);
    const std::string no = co_await read_all(peer);
    EXPECT_EQ(dateless(no), "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
}

TYPED_TEST(exchange, what_a_handler_leaves_of_the_body_is_dropped_up_to_a_bound) {
  using x = typename handing_over<TypeParam>::exchange;
  const auto lazy = [](x& one) -> tenon::task<void> {
    const auto sent = co_await one.reply({.content_type = "text/plain", .body = one.request().path});
    EXPECT_TRUE(sent);
  };
  const std::string body(100'000, 'b');
  const std::string small = "PUT /small HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + body;
  const std::string chunks =
      "PUT /chunks HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" + body + "\r\n0\r\n\r\n";
  const std::string large = "PUT /large HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n" + body;
  EXPECT_EQ(conversation<TypeParam>(lazy, small + chunks + large),
            plain("/small") + plain("/chunks") + plain("/large", close_line));
}

TYPED_TEST(exchange, a_body_that_is_wrong_is_refused_with_its_status) {
  using x = typename handing_over<TypeParam>::exchange;
  std::vector<std::error_code> errors;
  const auto reading = [&errors](x& one) -> tenon::task<void> {
    std::array<std::byte, 64> room;
    for (;;) {
      const auto n = co_await one.read_some(room);
      if (!n) errors.push_back(n.error());
      if (!n || *n == 0) co_return;
    }
  };
  const std::string head = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(conversation<TypeParam>(reading, head + "3\r\nabcX").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(conversation<TypeParam>(reading, head + "fffffffffffffff\r\nabc").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(
      conversation<TypeParam>(reading, head + "0\r\nA: " + std::string(5000, 'a')).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(conversation<TypeParam>(reading, head + "1;" + std::string(2000, 'e')).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(
      conversation<TypeParam>(reading, head + "3\r\nabc", {.body = 30ms, .close = 20ms}).starts_with("HTTP/1.1 408 "));
  const std::vector<std::error_code> expected{
      std::make_error_code(std::errc::bad_message), std::make_error_code(std::errc::file_too_large),
      std::make_error_code(std::errc::value_too_large), std::make_error_code(std::errc::bad_message),
      std::make_error_code(std::errc::timed_out)};
  ASSERT_EQ(errors.size(), expected.size());
  for (std::size_t i = 0; i < errors.size(); ++i)
    EXPECT_TRUE(errors[i].default_error_condition() == expected[i].default_error_condition()) << i;
}

TYPED_TEST(exchange, read_all_takes_no_more_than_it_may) {
  using x = typename handing_over<TypeParam>::exchange;
  const std::string exact = "PUT /e HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'e');
  const std::string chunked = "PUT /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" +
                              std::string(1000, 'e') + "\r\n0\r\n\r\n";
  const std::string more = "PUT /m HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                           std::string(1001, 'm') + "\r\n0\r\n\r\n";
  const std::string got = conversation<TypeParam>(repeat<x>, exact + chunked + more);
  const std::string good = plain("/e:" + std::string(1000, 'e'));
  EXPECT_TRUE(got.starts_with(good + good + "HTTP/1.1 413 ")) << got;
}

TYPED_TEST(exchange, upgrade_gives_the_stream_away_with_what_was_read_ahead) {
  using x = typename handing_over<TypeParam>::exchange;
  const auto handler = [](x& one) -> tenon::task<void> {
    http::header_list more;
    EXPECT_TRUE(more.add("Sec-Test", "yes"));
    auto taken = co_await one.upgrade("shout", more);
    EXPECT_TRUE(taken);
    if (!taken) co_return;
    EXPECT_TRUE(one.is_cut());
    EXPECT_EQ(one.status(), http::status::switching_protocols);
    std::string heard(taken->in.view());
    while (heard.size() < 6) {
      const auto n = co_await taken->stream.read_some(taken->in.writable(64), taken->stream.runtime().now() + 5s);
      EXPECT_TRUE(n);
      if (!n || *n == 0) co_return;
      taken->in.commit(*n);
      heard = taken->in.view();
    }
    heard += "!";
    const bool said = co_await say(taken->stream, heard);
    EXPECT_TRUE(said);
  };
  EXPECT_EQ(
      conversation<TypeParam>(handler,
                              "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nahead?"),
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: Upgrade\r\nSec-Test: yes\r\n\r\nahead?!");
}

TYPED_TEST(exchange, its_request_stays_when_the_stream_has_been_given_away) {
  using x = typename handing_over<TypeParam>::exchange;
  const auto handler = [](x& one) -> tenon::task<void> {
    auto taken = co_await one.upgrade("shout", {});
    EXPECT_TRUE(taken);
    if (!taken) co_return;
    EXPECT_EQ(taken->in.view(), "ahead");
    taken->in.release();
    EXPECT_EQ(one.request().path, "/chat");
    EXPECT_EQ(&one.runtime(), &taken->stream.runtime());
    const bool said = co_await say(taken->stream, one.request().path);
    EXPECT_TRUE(said);
  };
  const std::string got = conversation<TypeParam>(handler, "GET /chat HTTP/1.1\r\nHost: h\r\n\r\nahead");
  EXPECT_TRUE(got.ends_with("\r\n\r\n/chat")) << got;
}

TYPED_TEST(exchange, a_bad_chunk_that_comes_with_the_head_is_400_and_no_body_too_large) {
  using x = typename handing_over<TypeParam>::exchange;
  const std::string got = conversation<TypeParam>(
      repeat<x>, "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ")) << got;
}

}  // namespace
