// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/context.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace {

namespace http = tenon::http;

TEST(context, puts_answers_together_from_texts_and_numbers) {
  const http::request asked{.keep_alive = false};
  const http::parameters none;
  http::buffer room;
  http::context c(asked, none, room);
  const std::string name = "you";
  const http::response first = c.text("a ", name, ' ', 7, ' ', std::numeric_limits<std::int64_t>::min(), ' ', 8U);
  EXPECT_EQ(first.body, "a you 7 -9223372036854775808 8");
  EXPECT_EQ(first.content_type, "text/plain; charset=utf-8");
  EXPECT_FALSE(first.to.keep_alive);
  const http::response second =
      c.json("{\"x\":", http::quoted(std::string_view("\"\\\n\0\xc3\xa9", 6)), ",\"y\":", -1, "}");
  EXPECT_EQ(second.body, R"({"x":"\"\\\u000a\u0000)"
                         "\xc3\xa9"
                         R"(","y":-1})");
  EXPECT_EQ(second.content_type, "application/json");
  constexpr std::string_view literal = "Hello";
  EXPECT_EQ(c.text("Hello").body, literal);
  EXPECT_EQ(c.html("<p>", 1, "</p>").content_type, "text/html; charset=utf-8");
  EXPECT_EQ(c.error(http::status::conflict).body, "Conflict");
}

TEST(context, knows_the_parameters_of_its_route_and_what_it_was_answered_with) {
  http::router<int> routes;
  routes.add(http::method::get, "/users/{id}", 1).value();
  std::array<char, 64> scratch;
  const auto found = routes.match(http::method::get, "/users/4%32", scratch);
  const http::request asked;
  http::buffer room;
  http::context c(asked, found.parameters, room);
  EXPECT_EQ(c["id"], "42");
  EXPECT_EQ(c["name"], "");
  EXPECT_EQ(c.id(), 0U);
  EXPECT_EQ(c.at(http::phase::routed), tenon::time_point{});
  c.number(9);
  c.stamp(http::phase::routed, tenon::time_point{} + std::chrono::seconds(3));
  c.answered_with(http::status::created, 5);
  EXPECT_EQ(c.id(), 9U);
  EXPECT_EQ(c.at(http::phase::routed), tenon::time_point{} + std::chrono::seconds(3));
  EXPECT_EQ(c.status(), http::status::created);
  EXPECT_EQ(c.answered_bytes(), 5U);
}

}  // namespace
