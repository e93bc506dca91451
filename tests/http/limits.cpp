// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/limits.hpp>

#include "wire.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using tenon::http::limits;

// Each limit: exactly at it is accepted, one over is refused, in one piece and byte by byte.
void expect_boundary(const std::string& at_limit, const std::string& over, const limits& limit, unsigned code) {
  EXPECT_EQ(wire::whole(at_limit, limit).requests.size(), 1U);
  EXPECT_EQ(wire::in_pieces(at_limit, 1, limit).requests.size(), 1U);
  EXPECT_EQ(wire::whole(over, limit).failed, code);
  EXPECT_EQ(wire::in_pieces(over, 1, limit).failed, code);
}

std::string target_of(std::size_t size) {
  return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
}
std::string query_of(std::size_t size) {
  return "GET /?" + std::string(size - 2, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

TEST(HttpLimits, HeadBytes) {
  const std::string head = wire::get("A: " + std::string(100, 'b') + "\r\n");
  limits limit{.head_bytes = static_cast<std::uint32_t>(head.size())};
  expect_boundary(head, wire::get("A: " + std::string(101, 'b') + "\r\n"), limit, 431);
}

TEST(HttpLimits, AHeadThatNeverEndsIsRefusedWhenTheLimitIsReached) {
  wire::connection c;
  const limits limit;
  ASSERT_TRUE(c.feed("GET / HTTP/1.1\r\nHost: h\r\nA: "));
  std::size_t sent = 28;
  while (sent < limit.head_bytes + 10 && c.feed("a")) ++sent;
  EXPECT_EQ(c.finish().failed, 431U);
  EXPECT_LE(sent, limit.head_bytes);
}

TEST(HttpLimits, TargetBytes) {
  expect_boundary(target_of(64), target_of(65), {.target_bytes = 64}, 414);
  expect_boundary(query_of(64), query_of(65), {.target_bytes = 64}, 414);
}

TEST(HttpLimits, ATargetLongerThanTheWholeHeadIs414) {
  EXPECT_EQ(wire::refusal(target_of(300), {.head_bytes = 200, .target_bytes = 1000}), 414U);
}

TEST(HttpLimits, HeaderCount) {
  expect_boundary(wire::get("A: b\r\nC: d\r\n"), wire::get("A: b\r\nC: d\r\nE: f\r\n"), {.header_count = 3}, 431);
}

TEST(HttpLimits, BodyBytesByLength) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ";
  expect_boundary(head + "4\r\n\r\nabcd", head + "5\r\n\r\n", {.body_bytes = 4}, 413);
}

TEST(HttpLimits, BodyBytesByChunks) {
  expect_boundary(wire::chunked("3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"), wire::chunked("3\r\nabc\r\n2\r\n"),
                  {.body_bytes = 4}, 413);
  EXPECT_EQ(wire::refusal(wire::chunked("3\r\nabc\r\nffffffffffffffff\r\n")), 413U);
}

TEST(HttpLimits, ChunkExtensionBytesOfAllChunks) {
  expect_boundary(wire::chunked("1;abc\r\na\r\n0;d\r\n\r\n"), wire::chunked("1;abc\r\na\r\n0;de\r\n\r\n"),
                  {.chunk_extension_bytes = 4}, 400);
}

TEST(HttpLimits, TrailerBytes) {
  expect_boundary(wire::chunked("0\r\nA: b\r\n\r\n"), wire::chunked("0\r\nA: bc\r\n\r\n"), {.trailer_bytes = 6}, 431);
}

TEST(HttpLimits, FramingTakesNoMemory) {
  // 1-byte chunks with extensions: what is held never exceeds the head and the decoded body
  wire::connection c({.chunk_extension_bytes = 1U << 20});
  const std::string head = wire::chunked("");
  ASSERT_TRUE(c.feed(head));
  for (std::size_t i = 1; i <= 1000; ++i) {
    ASSERT_TRUE(c.feed("1;x=0123456789\r\nz\r\n"));
    ASSERT_LE(c.held(), head.size() + 16 + i);
  }
  ASSERT_TRUE(c.feed("0\r\n\r\n"));
  EXPECT_EQ(c.finish().requests.at(0).body, std::string(1000, 'z'));
}

}  // namespace
