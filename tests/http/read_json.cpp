// SPDX-License-Identifier: BSL-1.0
#if defined(TENON_WITH_JSON) && TENON_WITH_JSON
#include <tenon/http/read_json.hpp>

#include "served.hpp"

namespace {

using namespace served;
using exchange = handing_over<on_epoll>::exchange;

tenon::task<void> sum(exchange& x) {
  const auto list = co_await http::read_json(x, {.body_bytes = 100'000, .depth = 2});
  if (!list) co_return;
  std::int64_t all = 0;
  for (const auto& one : list->as_array()) all += one.as_int64();
  const std::string text = std::to_string(all);
  (void)co_await x.reply({.body = text});
}

std::string asked(std::string_view body, std::string_view type = "application/json") {
  return conversation<on_epoll>(
      sum, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: " + std::string(type) +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}
std::string answer(std::string_view head, std::string_view body) {
  return "HTTP/1.1 " + std::string(head) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + std::string(body);
}
constexpr std::string_view text_line = "\r\nContent-Type: text/plain; charset=utf-8";

TEST(read_json, reads_a_body_of_any_framing) {
  std::string many = "[0";
  for (int i = 1; i <= 9999; ++i) many += "," + std::to_string(i);
  EXPECT_EQ(asked(many + "]"), answer("200 OK", "49995000"));
  EXPECT_EQ(conversation<on_epoll>(sum,
                                   "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                   "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   "2\r\n[1\r\n3\r\n2,3\r\n4\r\n,4 ]\r\n0\r\n\r\n"),
            answer("200 OK", "19"));
}

TEST(read_json, answers_what_is_wrong_with_it) {
  const std::string bad = answer("400 Bad Request" + std::string(text_line), "bad JSON at byte 4: syntax error\n");
  EXPECT_EQ(asked("[1, x]"), bad);
  EXPECT_EQ(asked("[[[]]]"), answer("400 Bad Request" + std::string(text_line), "bad JSON at byte 2: too deep\n"));
  EXPECT_EQ(asked("[" + std::string(100'000, ' ') + "]"),
            answer("413 Content Too Large" + std::string(text_line), "Content Too Large"));
  const std::string other = asked("[1]", "text/plain");
  EXPECT_TRUE(other.starts_with("HTTP/1.1 415 ") && other.find("\r\nAccept: application/json\r\n") != other.npos);
}

TEST(read_json, answers_nothing_when_its_reading_is_ended_from_outside) {
  const auto patient = [](exchange& x) -> tenon::task<void> {
    const auto list = co_await tenon::timeout(std::chrono::milliseconds(1), http::read_json(x));
    EXPECT_FALSE(list);
    const auto said = co_await x.reply({.status = http::status::service_unavailable});
    EXPECT_TRUE(said);
  };
  const std::string got =
      conversation<on_epoll>(patient,
                             "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n"
                             "Content-Length: 10\r\n\r\n[1,");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 503 ")) << got;
}

TEST(read_json, leaves_a_body_that_is_no_body_to_the_exchange) {
  const std::string got = conversation<on_epoll>(
      sum, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ") && got.ends_with("Bad Request")) << got;
}

}  // namespace
#endif
