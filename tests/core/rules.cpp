// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/rules.hpp>

#include <gtest/gtest.h>

#include <type_traits>

namespace {

struct one {};
struct other {};

TEST(rules, are_a_list_of_types_and_nothing_else) {
  EXPECT_TRUE((std::is_empty_v<tenon::rules<one, other>>));
  EXPECT_TRUE(std::is_empty_v<tenon::rules<>>);
  EXPECT_FALSE((std::is_same_v<tenon::rules<one, other>, tenon::rules<other, one>>));
}

}  // namespace
