// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/route_match.hpp>

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace {

using tenon::http::detail::decode;
using tenon::http::detail::other_path;
using tenon::http::detail::route_search;

TEST(HttpRouteMatch, IsTrueWhenThereIsARoute) {
  tenon::http::route_match<int> match;
  EXPECT_FALSE(match);
  EXPECT_EQ(match.status, tenon::http::status::not_found);
  match.status = tenon::http::status::ok;
  EXPECT_TRUE(match);
}

TEST(HttpRouteMatch, TheOtherPathHasASlashMoreOrLess) {
  std::array<char, 3> scratch{};
  EXPECT_EQ(other_path("/a/", scratch), "/a");
  EXPECT_EQ(other_path("/a", scratch), "/a/");
  EXPECT_EQ(other_path("/ab", scratch), "");
  EXPECT_EQ(other_path("/", scratch), "");
}

TEST(HttpRouteMatch, ValuesInTheScratchAreDecodedWhereTheyAre) {
  std::string scratch = "/plain/%41%42/";
  route_search::piece values[8] = {{scratch.data() + 1, 5}, {scratch.data() + 7, 6}};
  route_search found{.path = scratch, .values = values, .count = 2};
  ASSERT_EQ(decode(found, scratch, true), tenon::http::status::ok);
  EXPECT_EQ(std::string_view(values[0].data, values[0].size), "plain");
  EXPECT_EQ(std::string_view(values[1].data, values[1].size), "AB");
}

}  // namespace
