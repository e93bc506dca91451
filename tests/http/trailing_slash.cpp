// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/trailing_slash.hpp>

#include <tenon/http/router.hpp>

#include <gtest/gtest.h>

#include <array>
#include <type_traits>

namespace {

using tenon::http::router;
using tenon::http::trailing_slash;

template <trailing_slash Slash>
unsigned status_of(std::string_view path) {
  router<int, Slash> routes;
  EXPECT_TRUE(routes.add(tenon::http::method::get, "/a", 1));
  std::array<char, 16> scratch;
  return static_cast<unsigned>(routes.match(tenon::http::method::get, path, scratch).status);
}

TEST(HttpTrailingSlash, StrictIsWhatARouterIsWithoutAWord) {
  static_assert(std::is_same_v<router<int>, router<int, trailing_slash::strict>>);
  EXPECT_EQ(status_of<trailing_slash::strict>("/a/"), 404U);
  EXPECT_EQ(status_of<trailing_slash::redirect>("/a/"), 308U);
  EXPECT_EQ(status_of<trailing_slash::ignore>("/a/"), 200U);
  EXPECT_EQ(status_of<trailing_slash::ignore>("/a//"), 404U);
}

}  // namespace
