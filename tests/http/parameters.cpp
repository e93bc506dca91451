// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/parameters.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace {

TEST(HttpParameters, AreFoundByPlaceAndByName) {
  const std::string_view names[] = {"id", "file"};
  tenon::http::parameters some;
  EXPECT_EQ(some.size(), 0U);
  EXPECT_FALSE(some.find("id"));
  some.values()[0] = {"42", 2};
  some.values()[1] = {"a/b", 3};
  some.name(names, 2);
  EXPECT_EQ(some[0], "42");
  EXPECT_EQ(some.name(1), "file");
  EXPECT_EQ(some.find("file"), "a/b");
  EXPECT_FALSE(some.find("fil"));
}

}  // namespace
