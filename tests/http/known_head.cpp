// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/known_head.hpp>

#include <tenon/http/desk.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>

namespace {

using namespace tenon::http;

TEST(HttpKnownHead, IsKeptUpToAKibibyte) {
  known_head known;
  for (const std::size_t path : {1U, 900U, 980U, 1100U, 4000U}) {
    const std::string text = "GET /" + std::string(path, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    for (int times = 0; times < 3; ++times) {
      head_parser head;
      const progress seen = known.parse(head, text, limits{});
      ASSERT_TRUE(seen.is_complete());
      ASSERT_EQ(seen.bytes, text.size());
      request asked;
      head.view(text.data(), asked);
      ASSERT_EQ(asked.path.size(), path + 1);
      ASSERT_EQ(asked.path.data(), text.data() + 4) << "a view of what was given now";
    }
  }
}

/// A desk's parser, which knows the last head again, says of every request what one says that does not.
TEST(HttpKnownHead, IsSaidTheSameOfAsByAParserThatKnowsNone) {
  const std::string heads[] = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nworld",
      "POST /b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "GET /" + std::string(2000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a HTTP/1.1\r\n\r\n",
      "\r\nGET /a HTTP/1.1\r\nHost: b\r\n\r\n",
  };
  limits all;
  limits few;
  few.target_bytes = 1;
  few.head_bytes = 60;
  few.body_bytes = 4;
  std::uint32_t random = 1;
  const auto below = [&](std::uint32_t n) { return (random = random * 1664525U + 1013904223U) % 65536U % n; };
  desk at;
  for (int round = 0; round < 20'000; ++round) {
    const std::string& text = heads[below(3) == 0 ? below(std::size(heads)) : 1 + below(2)];
    const limits& limit = below(8) == 0 ? few : all;
    const std::size_t first = below(2) == 0 ? text.size() : below(static_cast<std::uint32_t>(text.size()));
    std::string known = text.substr(0, first);
    std::string anew = known;
    known.reserve(4096);
    anew.reserve(4096);
    parser fresh;
    request a;
    request b;
    auto seen = at.parser.parse(std::span(known), limit, a);
    auto expected = fresh.parse(std::span(anew), limit, b);
    if (seen.is_more() && first < text.size()) {
      ASSERT_TRUE(expected.is_more());
      ASSERT_EQ(seen.bytes, expected.bytes);
      ASSERT_EQ(at.parser.take_continue(), fresh.take_continue());
      known.resize(seen.bytes);
      anew.resize(seen.bytes);
      known += text.substr(first);
      anew += text.substr(first);
      seen = at.parser.parse(std::span(known), limit, a);
      expected = fresh.parse(std::span(anew), limit, b);
    }
    ASSERT_EQ(seen.is_complete(), expected.is_complete());
    ASSERT_EQ(seen.is_failed(), expected.is_failed());
    ASSERT_EQ(seen.status, expected.status);
    if (seen.is_complete()) {
      ASSERT_EQ(seen.bytes, expected.bytes);
      ASSERT_EQ(a.method, b.method);
      ASSERT_EQ(a.target, b.target);
      ASSERT_EQ(a.path, b.path);
      ASSERT_EQ(a.host, b.host);
      ASSERT_EQ(a.body, b.body);
      ASSERT_EQ(a.keep_alive, b.keep_alive);
      ASSERT_EQ(a.headers.find("host"), b.headers.find("host"));
    }
    at.parser.reset();
  }
}

}  // namespace
