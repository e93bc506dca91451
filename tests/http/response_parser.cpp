// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/response_parser.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace {

using tenon::http::framing;
using tenon::http::limits;
using tenon::http::response_head;
using tenon::http::response_parser;

struct seen {
  unsigned failed = 0;  // the status
  std::size_t bytes = 0;
  unsigned code = 0;
  bool keep_alive = false;
  framing body = framing::none;
  std::uint64_t length = 0;
  std::string reason;
  std::string lines;
  friend bool operator==(const seen&, const seen&) = default;
};

/// Each call gets a block of exactly the bytes there are: the sanitizer sees one that is read too far.
seen read(std::string_view text, std::size_t cut = 0, bool to_head = false, const limits& limit = {}) {
  response_parser parser;
  seen out;
  for (const std::size_t size : {cut, text.size()}) {
    const auto block = std::make_unique<char[]>(size);
    std::memcpy(block.get(), text.data(), size);
    const auto now = parser.parse({block.get(), size}, limit, to_head);
    if (now.is_more()) continue;
    out.failed = now.is_failed() ? code_of(now.status) : 0;
    if (now.is_failed()) break;
    response_head head;
    parser.view(block.get(), head);
    out.bytes = now.bytes;
    out.code = code_of(head.status);
    out.keep_alive = head.keep_alive;
    out.body = head.framing;
    out.length = head.content_length;
    out.reason = head.reason;
    out.lines = head.headers.lines();
    break;
  }
  return out;
}

TEST(response_parser, reads_a_head_however_it_is_cut) {
  const std::string text =
      "HTTP/1.1 206 Partial  Content\r\nContent-Length:\t12 \r\nX-a: b\r\nConnection: foo, Keep-Alive\r\n\r\nbody";
  const seen whole = read(text);
  EXPECT_EQ(whole.failed, 0U);
  EXPECT_EQ(whole.bytes, text.size() - 4);
  EXPECT_EQ(whole.code, 206U);
  EXPECT_TRUE(whole.keep_alive);
  EXPECT_EQ(whole.body, framing::sized);
  EXPECT_EQ(whole.length, 12U);
  EXPECT_EQ(whole.reason, "Partial  Content");
  EXPECT_EQ(whole.lines, "Content-Length:\t12 \r\nX-a: b\r\nConnection: foo, Keep-Alive\r\n");
  for (std::size_t cut = 1; cut < text.size(); ++cut) EXPECT_EQ(read(text, cut), whole) << cut;
}

TEST(response_parser, says_how_the_body_ends) {
  const auto framed = [](std::string_view rest, std::string_view first = "HTTP/1.1 200 OK", bool to_head = false) {
    const seen out = read(std::string(first) + "\r\n" + std::string(rest) + "\r\n", 0, to_head);
    EXPECT_EQ(out.failed, 0U) << first << rest;
    return out;
  };
  EXPECT_EQ(framed("Transfer-Encoding: Chunked\r\n").body, framing::chunked);
  EXPECT_EQ(framed("Content-Length: 0\r\n").body, framing::none);
  EXPECT_EQ(framed("").body, framing::until_close);
  EXPECT_FALSE(framed("").keep_alive);
  EXPECT_FALSE(framed("Content-Length: 1\r\nConnection: close\r\n").keep_alive);
  EXPECT_FALSE(framed("Content-Length: 1\r\n", "HTTP/1.0 200 OK").keep_alive);
  EXPECT_TRUE(framed("Content-Length: 1\r\nConnection: keep-alive\r\n", "HTTP/1.0 200 OK").keep_alive);
  EXPECT_EQ(framed("Content-Length: 9\r\n", "HTTP/1.1 200 OK", true).body, framing::none);
  EXPECT_EQ(framed("Content-Length: 9\r\n", "HTTP/1.1 200 OK", true).length, 9U);
  EXPECT_EQ(framed("Transfer-Encoding: chunked\r\n", "HTTP/1.1 304 x").body, framing::none);
  EXPECT_EQ(framed("Content-Length: 0\r\n", "HTTP/1.1 204 x").body, framing::none);
  EXPECT_EQ(framed("", "HTTP/1.1 101").body, framing::none);
  EXPECT_EQ(framed("", "HTTP/1.1 200 ").reason, "");
  EXPECT_EQ(framed("Content-Length: 18446744073709551615\r\n").length, UINT64_MAX);
}

TEST(response_parser, refuses_what_is_not_strictly_an_answer_however_it_is_cut) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string cases[] = {
      "HTTP/1.1 200 OK\nX: y\r\n\r\n",
      "HTTP/1.1\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.2 200 OK\r\n\r\n",
      "http/1.1 200 OK\r\n\r\n",
      "\r\nHTTP/1.1 200 OK\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "HTTP/1.1 200 O\rK\r\n\r\n",
      "HTTP/1.1 200 O\x7fK\r\n\r\n",
      ok + "X : y\r\n\r\n",
      ok + ": y\r\n\r\n",
      ok + "X\r\n\r\n",
      ok + "X: y\r\n z\r\n\r\n",
      ok + "X: y\rz\r\n\r\n",
      ok + "X: y\n\r\n",
      ok + std::string("X: y\0z\r\n\r\n", 10),
      ok + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
      ok + "Content-Length: 1, 1\r\n\r\n",
      ok + "Content-Length: -1\r\n\r\n",
      ok + "Content-Length: 0x1\r\n\r\n",
      ok + "Content-Length:\r\n\r\n",
      ok + "Content-Length: 18446744073709551616\r\n\r\n",
      ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      ok + "Transfer-Encoding: identity\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 204 x\r\nContent-Length: 3\r\n\r\n",
      "HTTP/1.1 100 x\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const std::string& text : cases) {
    for (std::size_t cut = 0; cut < text.size(); ++cut) EXPECT_EQ(read(text, cut).failed, 502U) << text << cut;
  }
  EXPECT_EQ(read("SSH-").failed, 502U) << "before the end of a line";
}

TEST(response_parser, bounds_the_head) {
  limits small;
  small.head_bytes = 64;
  small.header_count = 2;
  const std::string first = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(read(first + "A: b\r\nC: d\r\n\r\n", 0, false, small).failed, 0U);
  EXPECT_EQ(read(first + "A: b\r\nC: d\r\nE: f\r\n\r\n", 0, false, small).failed, 431U);
  EXPECT_EQ(read(first + "A: " + std::string(40, 'x') + "\r\n\r\n", 0, false, small).failed, 0U);
  EXPECT_EQ(read(first + "A: " + std::string(41, 'x') + "\r\n\r\n", 0, false, small).failed, 431U);
}

}  // namespace
