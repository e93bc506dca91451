// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/route_error.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

TEST(HttpRouteError, EachHasItsOwnSentence) {
  std::set<std::string> sentences;
  for (int i = 1; i <= 10; ++i) {
    const std::error_code code = static_cast<tenon::http::route_error>(i);
    EXPECT_TRUE(code);
    EXPECT_STREQ(code.category().name(), "tenon::http::router");
    sentences.insert(code.message());
  }
  EXPECT_EQ(sentences.size(), 10U);
}

TEST(HttpRouteError, ComparesAsAnErrorCode) {
  const std::error_code code = tenon::http::route_error::duplicate;
  EXPECT_EQ(code, tenon::http::route_error::duplicate);
  EXPECT_NE(code, tenon::http::route_error::bad_byte);
}

}  // namespace
