// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/response_writer.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace {

namespace http = tenon::http;

struct asked_by {
  http::buffer out;
  http::response_writer to;

  explicit asked_by(const http::request& from) : to(out, from) {}
  bool put(std::string_view piece) { return to.put(std::as_bytes(std::span(piece))); }
  [[nodiscard]] std::string_view text() const { return out.view(); }
};

http::request of(int minor, http::method how = http::method::get) {
  return {.method = how, .minor_version = static_cast<std::uint8_t>(minor)};
}

TEST(response_writer, frames_by_length_by_chunks_or_by_the_end) {
  asked_by sized(of(1));
  EXPECT_TRUE(sized.to.begin({.content_type = "a/b"}, 3, "Date: now\r\n"));
  EXPECT_TRUE(sized.put("ab") && sized.put("c") && sized.to.finish());
  EXPECT_EQ(sized.text(), "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_TRUE(sized.to.keeps_alive());

  asked_by chunked(of(1));
  EXPECT_TRUE(chunked.to.begin({}, {}));
  EXPECT_TRUE(chunked.put(std::string(300, 'x')) && chunked.put("") && chunked.to.finish());
  EXPECT_EQ(chunked.text(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12c\r\n" + std::string(300, 'x') + "\r\n0\r\n\r\n");

  asked_by old(of(0));
  EXPECT_TRUE(old.to.begin({}, {}));
  EXPECT_TRUE(old.put("until the end") && old.to.finish());
  EXPECT_EQ(old.text(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
  EXPECT_FALSE(old.to.keeps_alive());
}

TEST(response_writer, counts_and_does_not_write_what_has_no_body) {
  asked_by head(of(1, http::method::head));
  EXPECT_TRUE(head.to.begin({}, 5, {}));
  EXPECT_TRUE(head.put("abc") && head.to.finish());
  EXPECT_EQ(head.text(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(head.to.body_bytes(), 3U);

  asked_by reset(of(1));
  EXPECT_TRUE(reset.to.begin({.status = http::status::reset_content}, {}));
  EXPECT_FALSE(reset.put("no"));
  EXPECT_TRUE(reset.to.finish());
  EXPECT_EQ(reset.text(), "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
}

TEST(response_writer, refuses_what_would_break_the_framing_and_writes_nothing_of_it) {
  asked_by one(of(1));
  EXPECT_FALSE(one.put("before the head"));
  EXPECT_FALSE(one.to.finish());
  EXPECT_FALSE(one.to.begin({.content_type = "a\r\nX: y"}, {}));
  EXPECT_FALSE(one.to.whole({.content_type = "a\nb"}, {}));
  EXPECT_EQ(one.text(), "");
  EXPECT_TRUE(one.to.begin({}, 4, {}));
  const std::size_t head = one.text().size();
  EXPECT_FALSE(one.to.begin({}, {}) || one.to.whole({}, {}));
  EXPECT_FALSE(one.put("12345"));
  EXPECT_TRUE(one.put("123"));
  EXPECT_FALSE(one.to.finish()) << "a byte is missing";
  EXPECT_EQ(one.text().substr(head), "123");

  one.out.clear();
  one.to.forget();
  one.to.close_after();
  EXPECT_TRUE(one.to.whole({.status = http::status::not_found, .body = "gone"}, {}));
  EXPECT_EQ(one.text(), "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngone");
  EXPECT_EQ(one.to.status(), http::status::not_found);
}

}  // namespace
