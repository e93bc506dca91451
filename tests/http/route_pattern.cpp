// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/route_pattern.hpp>

#include <gtest/gtest.h>

namespace {

using tenon::http::route_error;
using tenon::http::route_pattern;

TEST(HttpRoutePattern, NamesItsParametersInAConstantToo) {
  constexpr route_pattern pattern("/users/{id}/files/{*rest}");
  static_assert(pattern.is_sound() && pattern.count == 2 && pattern.names[0] == "id" && pattern.names[1] == "rest");
  const route_pattern plain("/a//b/");
  EXPECT_TRUE(plain.is_sound());
  EXPECT_EQ(plain.count, 0U);
}

TEST(HttpRoutePattern, SaysWhatIsWrong) {
  static_assert(route_pattern("users").why == route_error::no_leading_slash);
  static_assert(route_pattern("/{a}/{a}").why == route_error::repeated_name);
  EXPECT_EQ(route_pattern("/{*a}/b").why, route_error::wildcard_not_last);
  EXPECT_EQ(route_pattern("/{a}b").why, route_error::stray_brace);
  EXPECT_FALSE(route_pattern("").is_sound());
}

}  // namespace
