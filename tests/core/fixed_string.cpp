// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/fixed_string.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace {

template <tenon::fixed_string Name>
struct named {
  static constexpr std::string_view value = Name;
};

static_assert(std::is_same_v<named<"parse">, named<"parse">>);
static_assert(!std::is_same_v<named<"parse">, named<"route">>);
static_assert(tenon::fixed_string("").size() == 0);
static_assert(tenon::fixed_string("abc").size() == 3);
static_assert(!(tenon::fixed_string("abc") == tenon::fixed_string("abd")));
static_assert(!(tenon::fixed_string("abc") == tenon::fixed_string("ab")));
static_assert(tenon::fixed_string("") + tenon::fixed_string("a") == tenon::fixed_string("a"));

TEST(fixed_string, is_a_template_argument_that_reads_as_text) { EXPECT_EQ(named<"parse">::value, "parse"); }

TEST(fixed_string, ends_with_a_terminator) {
  constexpr tenon::fixed_string text("io_uring");
  EXPECT_EQ(std::string(text.text), "io_uring");
  EXPECT_EQ(text.view().size(), text.size());
}

TEST(fixed_string, keeps_a_zero_within) {
  constexpr tenon::fixed_string text("a\0b");
  EXPECT_EQ(text.view(), std::string_view("a\0b", 3));
}

TEST(fixed_string, joins) {
  constexpr auto joined = tenon::fixed_string("recycling<") + tenon::fixed_string("system") + tenon::fixed_string(">");
  EXPECT_EQ(joined.view(), "recycling<system>");
}

TEST(fixed_string, spells_numbers) {
  EXPECT_EQ(tenon::detail::decimal<0>.view(), "0");
  EXPECT_EQ(tenon::detail::decimal<9>.view(), "9");
  EXPECT_EQ(tenon::detail::decimal<10>.view(), "10");
  EXPECT_EQ(tenon::detail::decimal<static_cast<std::size_t>(-1)>.view(), std::to_string(static_cast<std::size_t>(-1)));
}

}  // namespace
