// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/middleware.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace {

namespace http = tenon::http;

TEST(middleware, stages_see_and_change_what_passes) {
  const http::request asked{.path = "/x"};
  const http::parameters none;
  http::buffer room;
  http::context c(asked, none, room);
  int seen = 0;

  const http::before looks([&seen](http::context&) { ++seen; });
  EXPECT_FALSE(looks(c)) << "one that gives nothing lets it through";
  const http::before answers([](http::context& in) -> std::optional<http::response> {
    if (in.request().path == "/x") return in.error(http::status::forbidden);
    return std::nullopt;
  });
  ASSERT_TRUE(answers(c));
  EXPECT_EQ(answers(c)->status, http::status::forbidden);

  const http::after adds(
      [](const http::context&, http::response& reply) { EXPECT_TRUE(reply.headers.add("Server", "tenon")); });
  http::response reply;
  adds(c, reply);
  EXPECT_EQ(reply.headers.items().size(), 1U);

  const http::on_answered counts([&seen](const http::context&) { ++seen; });
  counts(c);
  EXPECT_EQ(seen, 2);
}

TEST(middleware, an_error_keeps_its_status_unless_the_stage_says_another) {
  const http::request asked;
  const http::parameters none;
  http::buffer room;
  http::context c(asked, none, room);
  const http::on_error same([](http::context& in, const http::failure& why) { return in.text(why.what); });
  EXPECT_EQ(same(c, {http::status::not_found, "no"}).status, http::status::not_found);
  EXPECT_EQ(same(c, {http::status::not_found, "no"}).body, "no");
  const http::on_error other([](http::context& in, const http::failure&) { return in.error(http::status::gone); });
  EXPECT_EQ(other(c, {}).status, http::status::gone);
}

}  // namespace
