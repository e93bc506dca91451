// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/responder.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace tenon;

/// What respond() writes of it, with the date that `seen` has.
std::string plainly(const http::response& reply, std::string_view seen) {
  const std::size_t date = seen.find("Date: ");
  http::buffer out;
  http::respond(out, reply, date == seen.npos ? std::string_view() : seen.substr(date, 37));
  return std::string(out.view());
}

TEST(responder, writes_what_respond_writes_however_often_and_in_whatever_order) {
  constexpr std::array<http::status, 7> codes{http::status::ok,         http::status::ok,
                                              http::status::created,    http::status::not_found,
                                              http::status::no_content, http::status::reset_content,
                                              http::status{777}};
  const std::string longest(200, 't');
  const std::array<std::string_view, 9> types{
      "",    "text/plain", "text/plain", "text/xlain", "application/json", "text/a\nb", "text/plain; charset=utf-8",
      "x/y", longest};
  const std::string body(1000, 'b');
  std::uint32_t random = 7;
  const auto below = [&](std::uint32_t n) { return (random = random * 1664525U + 1013904223U) / 65536U % n; };
  http::responder to;
  to.look_at_clock();
  http::buffer out;
  for (int i = 0; i < 20'000; ++i) {
    if (below(64) == 0) to.look_at_clock();
    http::request asked;
    asked.method = below(4) == 0 ? http::method::head : http::method::get;
    asked.keep_alive = below(4) != 0;
    asked.minor_version = below(4) == 0 ? 0 : 1;
    http::response reply{.status = codes[below(codes.size())],
                         .to = asked,
                         .content_type = types[below(types.size())],
                         .body = std::string_view(body).substr(0, below(3) == 0 ? below(1000) : below(20))};
    if (below(4) == 0) reply.allow.add(http::method::post);
    for (std::uint32_t more = below(4) == 0 ? below(3) : 0; more != 0; --more) {
      ASSERT_TRUE(reply.headers.add("X-More", "less"));
    }
    const std::size_t before = out.size();
    to.respond(out, reply);
    const std::string seen(out.view().substr(before));
    ASSERT_NE(seen.find("Date: "), seen.npos);
    ASSERT_EQ(seen, plainly(reply, seen));
    if (out.size() > 100'000) out.release();
  }
}

TEST(responder, takes_a_type_for_what_it_is_and_not_for_where_it_lies) {
  http::responder to;
  std::string type = "text/plain";
  http::buffer out;
  to.respond(out, {.content_type = type});
  type = "text/xlain";
  to.respond(out, {.content_type = type});
  EXPECT_NE(out.view().find("text/plain"), std::string_view::npos);
  EXPECT_NE(out.view().find("text/xlain"), std::string_view::npos);
}

}  // namespace
