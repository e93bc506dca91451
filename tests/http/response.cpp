// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/response.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using tenon::http::buffer;
using tenon::http::error_response;
using tenon::http::method;
using tenon::http::request;
using tenon::http::respond;
using tenon::http::response;
using tenon::http::status;

std::string written(const response& reply, std::string_view date = {}) {
  buffer out;
  respond(out, reply, date);
  return std::string(out.view());
}

TEST(HttpResponse, APlainOne) {
  EXPECT_EQ(written({.to = request{}, .content_type = "text/plain", .body = "Hello"}, "Date: now\r\n"),
            "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nHello");
}

TEST(HttpResponse, AnEmptyBodyHasALength) {
  EXPECT_EQ(written({.to = request{}}), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpResponse, HeadHasTheLengthAndNoBody) {
  request asked;
  asked.method = method::head;
  EXPECT_EQ(written({.to = asked, .body = "12345"}), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST(HttpResponse, BodilessStatusesHaveNeither) {
  for (const status code : {status::no_content, status::not_modified}) {
    EXPECT_EQ(written({.status = code, .to = request{}, .content_type = "text/plain", .body = "x"}),
              std::string(status_line(code)) + "\r\n");
  }
  EXPECT_EQ(written({.status = status::reset_content, .to = request{}, .body = "x"}),
            "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpResponse, ConnectionIsSaidWhereItIsNotTheDefault) {
  request asked;
  asked.keep_alive = false;
  EXPECT_EQ(written({.to = asked}), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  asked.minor_version = 0;
  EXPECT_EQ(written({.to = asked}), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  asked.keep_alive = true;
  EXPECT_EQ(written({.to = asked}), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(HttpResponse, ErrorsCloseUnlessThereWasARequest) {
  EXPECT_EQ(written(error_response(status::bad_request)),
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 11\r\n"
            "Connection: close\r\n\r\nBad Request");
  EXPECT_EQ(written(error_response(status::not_found, request{})).find("Connection"), std::string::npos);
}

TEST(HttpResponse, AllowListsItsMethods) {
  response reply = error_response(status::method_not_allowed, request{});
  reply.allow.add(method::get);
  reply.allow.add(method::head);
  reply.allow.add(method::delete_);
  EXPECT_NE(written(reply).find("\r\nAllow: GET, HEAD, DELETE\r\n"), std::string::npos);
}

TEST(HttpResponse, ExtraHeaders) {
  response reply{.to = request{}};
  EXPECT_TRUE(reply.headers.add("Location", "/a"));
  EXPECT_TRUE(reply.headers.add("X-Empty", ""));
  EXPECT_EQ(written(reply), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLocation: /a\r\nX-Empty: \r\n\r\n");
}

TEST(HttpResponse, HeadersThatWouldSplitAreRefused) {
  tenon::http::header_list list;
  for (const std::string_view value :
       {std::string_view("a\r\nSet-Cookie: x"), std::string_view("a\nb"), std::string_view("a\rb"),
        std::string_view("a\0b", 3), std::string_view("\x7f")}) {
    EXPECT_FALSE(list.add("X", value));
  }
  for (const char* name : {"", "a b", "a:", "a\r\n", "\xc3", "Content-Length", "content-type", "CONNECTION", "Date",
                           "Transfer-Encoding"}) {
    EXPECT_FALSE(list.add(name, "v")) << name;
  }
  EXPECT_TRUE(list.empty());
}

TEST(HttpResponse, ThePlacesForHeadersEnd) {
  tenon::http::header_list list;
  for (std::size_t i = 0; i < tenon::http::header_list::capacity; ++i) EXPECT_TRUE(list.add("X", "v"));
  EXPECT_FALSE(list.add("X", "v"));
  EXPECT_EQ(list.items().size(), tenon::http::header_list::capacity);
}

TEST(HttpResponse, AContentTypeThatWouldSplitIsA500) {
  const std::string out = written({.to = request{}, .content_type = "a\r\nX: y", .body = "secret"});
  EXPECT_TRUE(out.starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(out.find("X: y"), std::string::npos);
}

TEST(HttpResponse, PipelinedAnswersStandInARow) {
  buffer out;
  for (int i = 0; i < 16; ++i) respond(out, {.to = request{}, .body = "x"}, {});
  EXPECT_EQ(out.size(), 16 * std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").size());
}

}  // namespace
