// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/client_request.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

namespace http = tenon::http;

std::string written(const http::client_request& asked, bool streamed = false, bool elsewhere = false) {
  http::buffer out;
  const auto to = http::url::parse(asked.url).value();
  const auto done = http::write_request(out, asked, to, streamed, elsewhere);
  return done ? std::string(out.view()) : done.error().message();
}

TEST(client_request, is_written_with_the_length_of_its_body) {
  EXPECT_EQ(written({.url = "http://h?q"}), "GET /?q HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(written({.method = http::method::patch, .url = "http://h:81/x"}),
            "PATCH /x HTTP/1.1\r\nHost: h:81\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(written({.method = http::method::post, .url = "http://h/", .body = "abc"}),
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n")
      << "the head alone";
  EXPECT_EQ(written({.method = http::method::post, .url = "http://h/"}, true),
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(written({.method = http::method::post, .url = "http://h/", .source_bytes = 7}, true),
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(written({.url = "ws://h/", .upgrade = "websocket"}),
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST(client_request, another_server_gets_no_credentials) {
  const http::header secret[] = {{"authorization", "Basic x"}, {"Cookie", "a=b"}, {"Accept", "*/*"}};
  const http::client_request asked{.url = "http://h/", .headers = secret};
  EXPECT_EQ(written(asked),
            "GET / HTTP/1.1\r\nHost: h\r\nauthorization: Basic x\r\nCookie: a=b\r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(written(asked, false, true), "GET / HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n");
}

TEST(client_request, cannot_say_two_requests) {
  const std::string refused = std::make_error_code(std::errc::invalid_argument).message();
  EXPECT_EQ(written({.url = "http://h/", .content_type = "a\r\nb"}), refused);
  EXPECT_EQ(written({.method = http::method::connect, .url = "http://h/"}), refused);
  for (const http::header& one :
       {http::header{"a b", ""}, {"a", "\n"}, {"Transfer-encoding", "chunked"}, {"HOST", "x"}}) {
    EXPECT_EQ(written({.url = "http://h/", .headers = std::span(&one, 1)}), refused) << one.name;
  }
}

TEST(client_request, what_may_be_repeated) {
  EXPECT_TRUE(is_idempotent(http::method::get) && is_idempotent(http::method::put) &&
              is_idempotent(http::method::delete_));
  EXPECT_FALSE(is_idempotent(http::method::post) || is_idempotent(http::method::patch));
}

}  // namespace
