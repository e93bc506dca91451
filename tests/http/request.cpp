// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/request.hpp>

#include "wire.hpp"

#include <gtest/gtest.h>

namespace {

using tenon::http::method;

wire::seen_request one(std::string_view bytes) {
  const auto seen = wire::whole(bytes);
  EXPECT_EQ(seen.failed, 0U);
  EXPECT_EQ(seen.left, 0U);
  return seen.requests.size() == 1 ? seen.requests.front() : wire::seen_request{};
}

TEST(HttpRequest, OriginForm) {
  const auto r = one("GET /a/b%20c?x=1&y HTTP/1.1\r\nHost: example.org:80\r\nA: b\r\n\r\n");
  EXPECT_EQ(r.method, method::get);
  EXPECT_EQ(r.minor_version, 1);
  EXPECT_EQ(r.target, "/a/b%20c?x=1&y");
  EXPECT_EQ(r.path, "/a/b%20c");
  EXPECT_EQ(r.query, "x=1&y");
  EXPECT_EQ(r.host, "example.org:80");
  EXPECT_EQ(r.body, "");
  ASSERT_EQ(r.headers.size(), 2U);
  EXPECT_EQ(r.headers[1], (std::pair<std::string, std::string>{"A", "b"}));
}

TEST(HttpRequest, AbsoluteFormOutranksHost) {
  const auto r = one("GET http://a.example:81/p?q HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_EQ(r.host, "a.example:81");
  EXPECT_EQ(r.path, "/p");
  EXPECT_EQ(r.query, "q");
  const auto bare = one("GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(bare.path, "/");
  EXPECT_EQ(bare.query, "");
  EXPECT_EQ(one("GET http://a.example?q HTTP/1.1\r\nHost: a.example\r\n\r\n").query, "q");
}

TEST(HttpRequest, AsteriskForm) { EXPECT_EQ(one("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").path, "*"); }

TEST(HttpRequest, EveryMethod) {
  for (std::size_t i = 0; i + 1 < tenon::http::method_count; ++i) {  // CONNECT is last, and refused
    const auto which = static_cast<method>(i);
    EXPECT_EQ(one(std::string(name_of(which)) + " / HTTP/1.1\r\nHost: h\r\n\r\n").method, which);
  }
}

TEST(HttpRequest, KeepAliveByVersionAndHeader) {
  EXPECT_TRUE(one("GET / HTTP/1.1\r\nHost: h\r\n\r\n").keep_alive);
  EXPECT_FALSE(one("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(one("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, ,CLOSE , keep-alive\r\n\r\n").keep_alive);
  EXPECT_TRUE(one("GET / HTTP/1.1\r\nHost: h\r\nConnection: closed\r\n\r\n").keep_alive);
  EXPECT_FALSE(one("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(one("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(one("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n").keep_alive);
}

TEST(HttpRequest, HostsThatAreGood) {
  for (const char* host : {"h", "example.org", "127.0.0.1:8080", "[::1]", "[2001:db8::1]:443", "a-b_c~d", "h:"}) {
    EXPECT_EQ(one("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").host, host);
  }
}

}  // namespace
