// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/parser.hpp>

#include "wire.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>

namespace {

using tenon::http::parser;

TEST(HttpParser, EveryMessageSplitAtEveryByteIsTheSame) {
  for (const std::string& message : wire::corpus()) {
    const auto expected = wire::whole(message);
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
      ASSERT_EQ(wire::cut_at(message, cut), expected) << message << "\n-- cut at " << cut;
    }
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{17}}) {
      ASSERT_EQ(wire::in_pieces(message, piece), expected) << message << "\n-- in pieces of " << piece;
    }
  }
}

TEST(HttpParser, BytesChangedAtRandomAreTheSameSplitOrWhole) {
  std::mt19937 random(20240607);
  const auto corpus = wire::corpus();
  for (int round = 0; round < 4000; ++round) {
    std::string message = corpus[random() % corpus.size()];
    for (auto edits = random() % 3 + 1; edits > 0; --edits) {
      const std::size_t at = random() % message.size();
      const char spice[] = "\r\n \t:;,0aG/?#\x80";
      switch (random() % 3) {
        case 0: message[at] = spice[random() % (sizeof spice)]; break;
        case 1: message.erase(at, 1); break;
        default: message.insert(at, 1, spice[random() % (sizeof spice)]); break;
      }
      if (message.empty()) message = "G";
    }
    const auto expected = wire::whole(message);
    ASSERT_EQ(wire::in_pieces(message, 1), expected) << message;
    ASSERT_EQ(wire::cut_at(message, random() % (message.size() + 1)), expected) << message;
  }
}

TEST(HttpParser, PipelinedRequestsComeOneByOne) {
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += i % 3 == 0 ? wire::get("N: " + std::to_string(i) + "\r\n")
           : i % 3 == 1
               ? wire::chunked("2\r\nab\r\n1\r\n" + std::string(1, static_cast<char>('a' + i)) + "\r\n0\r\n\r\n")
               : "PUT /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n\r\n";
  }
  const auto seen = wire::whole(all);
  ASSERT_EQ(seen.requests.size(), 20U);
  EXPECT_EQ(seen.left, 0U);
  EXPECT_EQ(seen.requests[1].body, "abb");
  EXPECT_EQ(seen.requests[2].body, "\r\n");
  EXPECT_EQ(seen.requests[18].headers.at(1).second, "18");
}

TEST(HttpParser, ViewsPointIntoTheBuffer) {
  std::string bytes = wire::chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  parser p;
  tenon::http::request request;
  const auto seen = p.parse(bytes, {}, request);
  ASSERT_TRUE(seen.is_complete());
  EXPECT_EQ(seen.bytes, bytes.size());
  const auto inside = [&](std::string_view v) {
    return v.data() >= bytes.data() && v.data() + v.size() <= bytes.data() + bytes.size();
  };
  EXPECT_TRUE(inside(request.path) && inside(request.host) && inside(request.body) && inside(request.headers.lines()));
  EXPECT_EQ(request.body, "abcde");
}

TEST(HttpParser, ExpectContinueIsToldOnceAndOnlyWhileTheClientWaits) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  wire::connection c;
  ASSERT_TRUE(c.feed(head.substr(0, head.size() - 1)));
  EXPECT_FALSE(c.parser().take_continue());
  ASSERT_TRUE(c.feed(head.substr(head.size() - 1)));
  EXPECT_TRUE(c.parser().is_in_body());
  EXPECT_EQ(c.parser().missing_bytes(), 3U);
  EXPECT_TRUE(c.parser().take_continue());
  EXPECT_FALSE(c.parser().take_continue());
  ASSERT_TRUE(c.feed("abc"));
  EXPECT_EQ(c.finish().requests.at(0).body, "abc");

  wire::connection eager;
  ASSERT_TRUE(eager.feed(head + "a"));
  EXPECT_FALSE(eager.parser().take_continue());
  EXPECT_EQ(eager.parser().missing_bytes(), 2U);

  wire::connection nothing_to_send;
  ASSERT_TRUE(nothing_to_send.feed(wire::get("Expect: 100-continue\r\n")));
  EXPECT_EQ(nothing_to_send.finish().requests.size(), 1U);
  EXPECT_FALSE(nothing_to_send.parser().take_continue());
}

TEST(HttpParser, ResetForgetsAFailure) {
  parser p;
  tenon::http::request request;
  std::string bad = "\x01";
  std::string good = wire::get("");
  ASSERT_TRUE(p.parse(bad, {}, request).is_failed());
  p.reset();
  EXPECT_TRUE(p.parse(good, {}, request).is_complete());
}

TEST(HttpParser, TakesBytesAsAStreamGivesThem) {
  std::string text = wire::get("");
  parser p;
  tenon::http::request request;
  EXPECT_TRUE(p.parse(std::as_writable_bytes(std::span(text)), {}, request).is_complete());
}

TEST(HttpParser, OneByteAtATimeIsNotQuadratic) {
  // a count, not a clock, would need a hook in the parser: so many bytes that a quadratic one takes minutes
  const tenon::http::limits limit{.head_bytes = 4U << 20, .body_bytes = 4U << 20};
  std::string bytes = wire::get("A: " + std::string(500'000, 'v') + "\r\n");
  bytes += wire::chunked("7a120\r\n" + std::string(500'000, 'b') + "\r\n0\r\n\r\n");
  parser p;
  tenon::http::request request;
  std::string held;
  held.reserve(bytes.size());
  std::size_t complete = 0;
  for (const char c : bytes) {
    held.push_back(c);
    const auto seen = p.parse(held, limit, request);
    ASSERT_FALSE(seen.is_failed());
    if (seen.is_complete()) {
      ++complete;
      held.clear();
    } else {
      held.resize(seen.bytes);
    }
  }
  EXPECT_EQ(complete, 2U);
  EXPECT_EQ(request.body.size(), 500'000U);
}

}  // namespace
