// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/body_reader.hpp>

#include "wire.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace {

namespace http = tenon::http;

struct outcome {
  std::string body;
  http::status refused = http::status::ok;
  std::string left;  // of the buffer, behind the body
  bool over = false;
  bool head_moved = false;
  std::size_t capacity = 0;
};

/// Takes the body of `text` by `room_bytes`: `first` bytes of it are there with the head, and then `piece` at a time.
outcome read(std::string_view text, std::size_t first, std::size_t piece, std::size_t room_bytes,
             const http::limits& limit = {}) {
  http::buffer in;
  http::parser parser;
  http::request asked;
  const std::size_t head = text.find("\r\n\r\n") + 4;
  std::size_t at = std::min(text.size(), head + first);
  in.append(text.substr(0, at));
  const auto seen = parser.parse_head(in.readable(), limit, asked);
  EXPECT_TRUE(seen.is_complete());
  EXPECT_EQ(seen.bytes, head);
  http::body_reader body(in, parser, limit);
  const char* const lies_at = in.readable().data();
  outcome out;
  std::string space(room_bytes, ' ');
  const auto room = std::as_writable_bytes(std::span(space));
  while (!body.is_over() && !body.is_refused()) {
    std::size_t n = body.take(room);
    if (n == 0 && !body.is_over() && !body.is_refused()) {
      const auto into = body.wanted(room);
      const std::size_t count = std::min({piece, into.size(), text.size() - at});
      if (count == 0) break;
      std::memcpy(into.data(), text.data() + at, count);
      at += count;
      n = body.took(room, count);
    }
    out.body.append(space, 0, n);
  }
  out.refused = body.refusal();
  out.over = body.is_over();
  out.head_moved = in.readable().data() != lies_at;
  out.capacity = in.capacity();
  if (out.over) {
    in.consume(body.used());
    out.left = std::string(in.view()) + std::string(text.substr(at));
  }
  return out;
}

TEST(body_reader, gives_the_same_body_however_it_comes_and_is_taken_and_leaves_the_next_request) {
  const std::string next = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string sized = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world" + next;
  const std::string chunked = wire::chunked("5\r\nhello\r\n1\r\n \r\n5;a=b\r\nworld\r\n0\r\nX: y\r\n\r\n") + next;
  for (const std::string& text : {sized, chunked}) {
    for (std::size_t first = 0; first <= 60; ++first) {
      for (std::size_t piece = 1; piece <= 40; piece += 3) {
        for (const int room : {1, 4, 100}) {
          const outcome got = read(text, first, piece, static_cast<std::size_t>(room));
          ASSERT_EQ(got.body, "hello world") << first << ' ' << piece << ' ' << room;
          ASSERT_EQ(got.left, next) << first << ' ' << piece << ' ' << room;
          ASSERT_FALSE(got.head_moved);
        }
      }
    }
  }
}

TEST(body_reader, agrees_with_the_parser_on_every_chunked_message) {
  for (const std::string& text : wire::corpus()) {
    if (text.find("Transfer-Encoding: chunked\r\n\r\n") == text.npos || text.starts_with("\r\n")) continue;
    if (text.find("Content-Length") != text.npos) continue;  // refused by its head
    const wire::outcome whole = wire::whole(text);
    for (std::size_t first = 0; first <= text.size(); ++first) {
      const outcome got = read(text, first, 1, 3);
      if (!whole.requests.empty()) {
        ASSERT_TRUE(got.over) << text;
        ASSERT_EQ(got.body, whole.requests[0].body) << text;
      } else if (whole.failed != 0) {
        ASSERT_EQ(code_of(got.refused), whole.failed) << text;
      } else {
        ASSERT_FALSE(got.over) << text;
      }
    }
  }
}

TEST(body_reader, holds_to_its_limits_and_to_its_room) {
  http::limits limit;
  limit.body_bytes = 100;
  const auto chunks = [](int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += "1\r\nx\r\n";
    return wire::chunked(all + "0\r\n\r\n");
  };
  EXPECT_TRUE(read(chunks(100), 0, 7, 10, limit).over);
  EXPECT_EQ(read(chunks(101), 0, 7, 10, limit).refused, http::status::content_too_large);
  EXPECT_EQ(read(wire::chunked("65\r\n"), 0, 100, 10, limit).refused, http::status::content_too_large);

  const std::string large(1'000'000, 'l');
  const outcome got = read(wire::chunked("f4240\r\n" + large + "\r\n0\r\n\r\n"), 500, 100'000, 50'000);
  EXPECT_TRUE(got.body == large);
  EXPECT_LE(got.capacity, 64U * 1024);
  EXPECT_FALSE(got.head_moved);
}

}  // namespace
