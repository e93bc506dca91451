// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/application.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <system_error>

namespace {

namespace http = tenon::http;

http::response hello(http::context& c) { return c.text("hello"); }

constexpr http::application pages(http::get<"/">(hello),
                                  http::post<"/items/{id}">([](http::context& c) { return c.text(c["id"]); }));
static_assert(!pages.has_streamed && !pages.is_timed && !pages.changes_heads);
static_assert(pages.count(http::detail::part::route) == 2);

TEST(application, its_routes_are_found_and_called_through_plain_pointers) {
  using target = decltype(pages)::target;
  http::router<target> routes;
  pages.add_to(routes);
  EXPECT_EQ(routes.size(), 2U);
  std::array<char, 64> scratch;
  const http::request asked;
  http::buffer room;
  const auto found = routes.match(http::method::post, "/items/a%20b", scratch);
  ASSERT_TRUE(found);
  http::context c(asked, found.parameters, room);
  EXPECT_EQ(found.target->plain(pages, c).body, "a b");
}

TEST(application, stages_run_in_the_order_in_which_they_are_named) {
  std::string order;
  const http::application all(http::after([&](const http::context&, http::response&) { order += 'x'; }),
                              http::before([&](http::context&) { order += 'a'; }), http::get<"/">(hello),
                              http::before([&](http::context& c) -> std::optional<http::response> {
                                order += 'b';
                                return c.error(http::status::forbidden);
                              }),
                              http::before([&](http::context&) { order += 'c'; }),
                              http::after([&](const http::context&, http::response&) { order += 'y'; }),
                              http::on_answered([&](const http::context&) { order += 'z'; }));
  static_assert(decltype(all)::is_timed && decltype(all)::changes_heads && !decltype(all)::has_streamed);
  const http::request asked;
  const http::parameters none;
  http::buffer room;
  http::context c(asked, none, room);
  auto early = all.run_before(c);
  ASSERT_TRUE(early);
  all.run_after(c, *early);
  all.run_answered(c);
  EXPECT_EQ(order, "abxyz") << "what stands behind the one that answered was not asked";
  EXPECT_EQ(all.run_on_error(c, {http::status::not_found, {}}).body, "Not Found");
}

TEST(application, two_routes_that_match_the_same_are_refused) {
  const http::application twice(http::get<"/a/{x}">(hello), http::get<"/a/{y}">(hello));
  http::router<decltype(twice)::target> routes;
  try {
    twice.add_to(routes);
    ADD_FAILURE() << "both were taken";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), http::route_error::duplicate);
  }
}

}  // namespace
