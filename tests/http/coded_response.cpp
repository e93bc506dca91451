// SPDX-License-Identifier: BSL-1.0
#if defined(TENON_WITH_GZIP) && TENON_WITH_GZIP
#include <tenon/http/coded_response.hpp>

#include <tenon/http/gzip.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace {

namespace http = tenon::http;
using codings = http::codings<http::gzip>;

std::string unpacked(std::string_view packed) {
  std::string text(10'000, '\0');
  ::z_stream state{};
  EXPECT_EQ(::inflateInit2(&state, 15 + 16), Z_OK);
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  state.avail_in = static_cast<uInt>(packed.size());
  state.next_out = reinterpret_cast<Bytef*>(text.data());
  state.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(::inflate(&state, Z_FINISH), Z_STREAM_END);
  text.resize(state.total_out);
  ::inflateEnd(&state);
  return text;
}

/// The value of a header; "-" when there is none.
std::string value_of(const http::response& reply, std::string_view wanted) {
  for (const auto& [name, value] : reply.headers.items()) {
    if (name == wanted) return std::string(value);
  }
  return "-";
}

class coded_response : public testing::Test {
 protected:
  http::response answer(std::string_view accept) {
    lines_ = "Accept-Encoding: " + std::string(accept) + "\r\n";
    asked_.headers = http::headers(lines_);
    room_.clear();
    room_.append("before");
    return http::coded_response<codings>(reply, asked_, spare_, room_);
  }

  std::string text = std::string(5000, 'a') + "the end";
  http::response reply{.content_type = "text/plain", .body = text};

 private:
  std::string lines_;
  http::request asked_;
  codings::pool<tenon::single_thread> spare_;
  http::buffer room_;
};

TEST_F(coded_response, is_smaller_and_says_how) {
  EXPECT_TRUE(reply.headers.add("ETag", "\"tag\""));
  EXPECT_TRUE(reply.headers.add("X", "y"));
  const http::response said = answer("gzip");
  EXPECT_LT(said.body.size(), 100U);
  EXPECT_EQ(unpacked(said.body), text);
  EXPECT_EQ(value_of(said, "Content-Encoding"), "gzip");
  EXPECT_EQ(value_of(said, "Vary"), "Accept-Encoding");
  EXPECT_EQ(value_of(said, "ETag"), "W/\"tag\"");
  EXPECT_EQ(value_of(said, "X"), "y");
}

TEST_F(coded_response, says_that_it_varies_when_it_might_have_been_coded) {
  EXPECT_TRUE(reply.headers.add("ETag", "\"tag\""));
  const http::response plain = answer("identity");
  EXPECT_EQ(plain.body, text);
  EXPECT_EQ(value_of(plain, "Vary"), "Accept-Encoding");
  EXPECT_EQ(value_of(plain, "Content-Encoding"), "-");
  EXPECT_EQ(value_of(plain, "ETag"), "\"tag\"");
  const http::response refused = answer("identity;q=0");
  EXPECT_EQ(refused.status, http::status::not_acceptable);
  EXPECT_EQ(value_of(refused, "Vary"), "Accept-Encoding");
  // What does not shrink stays as it is.
  std::string noise(600, '\0');
  std::size_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 6364136223846793005U + 1) >> 56);
  reply.body = noise;
  const http::response larger = answer("gzip");
  EXPECT_EQ(larger.body, noise);
  EXPECT_EQ(value_of(larger, "Content-Encoding"), "-");
}

// As what http::context puts together does.
TEST_F(coded_response, may_lie_in_the_room_that_it_is_coded_into) {
  const std::string lines = "Accept-Encoding: gzip\r\n";
  http::request asked;
  asked.headers = http::headers(lines);
  codings::pool<tenon::single_thread> spare;
  std::string noise(600, '\0');
  std::size_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 6364136223846793005U + 1) >> 56);
  for (const std::string& body : {text, noise}) {
    http::buffer room;
    room.append("\"tag\"" + body);
    http::response put_together{.content_type = "text/plain", .body = room.view().substr(5)};
    EXPECT_TRUE(put_together.headers.add("ETag", room.view().substr(0, 5)));
    const http::response said = http::coded_response<codings>(put_together, asked, spare, room);
    const bool is_coded = value_of(said, "Content-Encoding") == "gzip";
    EXPECT_EQ(is_coded, body == text);
    EXPECT_TRUE((is_coded ? unpacked(said.body) : std::string(said.body)) == body);
    EXPECT_EQ(value_of(said, "ETag"), is_coded ? "W/\"tag\"" : "\"tag\"");
  }
}

TEST_F(coded_response, leaves_alone_what_is_not_to_be_coded) {
  const auto is_left = [this] {
    const http::response said = answer("gzip");
    return said.body == reply.body && said.headers.items().size() == reply.headers.items().size();
  };
  reply.content_type = "image/png";
  EXPECT_TRUE(is_left());
  reply.content_type = "text/plain";
  reply.body = std::string_view(text).substr(0, 100);
  EXPECT_TRUE(is_left());
  reply.body = text;
  reply.status = http::status::partial_content;
  EXPECT_TRUE(is_left());
  reply.status = http::status::not_modified;
  EXPECT_TRUE(is_left());
  reply.status = http::status::ok;
  EXPECT_FALSE(is_left());
  for (const http::header one :
       {http::header{"content-encoding", "gzip"}, http::header{"Cache-Control", "public, No-Transform"},
        http::header{"Content-Range", "bytes 0-1/2"}}) {
    reply.headers = {};
    EXPECT_TRUE(reply.headers.add(one.name, one.value));
    EXPECT_TRUE(is_left()) << one.name;
  }
  reply.headers = {};
  for (std::size_t i = 0; i < http::header_list::capacity - 1; ++i) EXPECT_TRUE(reply.headers.add("X", "y"));
  const http::response full = answer("gzip");  // there is a place for Vary alone
  EXPECT_EQ(full.body, text);
  EXPECT_EQ(value_of(full, "Vary"), "Accept-Encoding");
}

}  // namespace
#endif
