// SPDX-License-Identifier: BSL-1.0
#if defined(TENON_WITH_JSON) && TENON_WITH_JSON
#include <tenon/http/write_json.hpp>

#include "served.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace {

using namespace served;
using exchange = handing_over<on_epoll>::exchange;

tenon::task<void> list(exchange& x) {
  const boost::json::value small = {{"path", x.request().path}, {"ok", true}};
  if (x.request().path == "/small") {
    const auto sent = co_await http::write_json(x, small, {.status = http::status::created});
    EXPECT_TRUE(sent);
    co_return;
  }
  const boost::json::value large = boost::json::array(5000, small);
  const auto sent = co_await http::write_json(x, large);
  EXPECT_TRUE(sent);
  const auto again = co_await http::write_json(x, small);
  EXPECT_EQ(again.error(), std::errc::operation_not_permitted);
}

TEST(write_json, gives_a_small_value_its_length) {
  EXPECT_EQ(conversation<on_epoll>(list, "GET /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 27\r\nConnection: close\r\n\r\n"
            R"({"path":"/small","ok":true})");
}

TEST(write_json, gives_a_large_one_in_chunks) {
  const std::string got = conversation<on_epoll>(list, "GET /l HTTP/1.0\r\n\r\n");  // 1.0: chunks without their sizes
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
  ASSERT_TRUE(got.starts_with(head)) << got.substr(0, 200);
  const auto all = boost::json::parse(got.substr(head.size()));
  EXPECT_EQ(all.as_array().size(), 5000U);
  EXPECT_EQ(all.at(4999).at("path").as_string(), "/l");
  const std::string chunked = conversation<on_epoll>(list, "GET /l HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(chunked.find("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n4000\r\n[{\""), chunked.npos);
  EXPECT_TRUE(chunked.ends_with("}]\r\n0\r\n\r\n"));
}

TEST(write_json, lies_in_the_room_of_a_handler_that_answers_whole) {
  const http::request asked;
  const http::parameters none;
  http::buffer room;
  room.append("before");
  http::context c(asked, none, room);
  const std::string text(3000, 'x');
  const boost::json::value value = {{"text", text}, {"list", {1, 2, 3}}};
  const http::response said = http::write_json(c, value);
  EXPECT_EQ(said.content_type, "application/json");
  EXPECT_EQ(said.body, "{\"text\":\"" + text + "\",\"list\":[1,2,3]}");
}

}  // namespace
#endif
