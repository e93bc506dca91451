// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/route.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

namespace http = tenon::http;

/// In place of an exchange: routes take whatever a handler takes.
struct streamed {
  int calls = 0;
};

http::response plain(http::context& c) { return c.error(http::status::gone); }
int by_stream(streamed& one) { return ++one.calls; }
int by_both(http::context& /*c*/, streamed& one) { return one.calls += 10; }

constexpr auto gone = http::get<"/gone">(plain);
constexpr auto words =
    http::route<http::method::options, "/words">([](http::context&) { return std::string("words"); });
static_assert(!gone.is_streamed && !words.is_streamed);
static_assert(gone.asked == http::method::get && gone.pattern() == "/gone");
static_assert(http::put<"/a">(plain).asked == http::method::put &&
              http::delete_<"/a">(plain).asked == http::method::delete_);
static_assert(http::patch<"/a">(plain).asked == http::method::patch && http::post<"/a">(by_stream).is_streamed);

TEST(route, calls_its_handler_with_what_it_takes) {
  const http::request asked;
  const http::parameters none;
  http::buffer room;
  http::context c(asked, none, room);
  EXPECT_EQ(gone(c).status, http::status::gone);
  EXPECT_EQ(words(c).body, "words");
  streamed one;
  EXPECT_EQ(http::get<"/s">(by_stream)(c, one), 1);
  EXPECT_EQ(http::get<"/s">(by_both)(c, one), 11);
}

}  // namespace
