// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/policy.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace {

struct mine : tenon::family::clock {
  static constexpr std::string_view word = "mine";
};
struct wordless : tenon::family::clock {};
struct full : tenon::family::clock {
  [[maybe_unused]] static constexpr std::string_view word = "full";
  int state = 0;
};
class hidden : tenon::family::clock {
 public:
  [[maybe_unused]] static constexpr std::string_view word = "hidden";
};
struct liar {
  using family = tenon::family::clock;
  [[maybe_unused]] static constexpr std::string_view word = "liar";
};
struct torn : tenon::family::clock, tenon::family::queue {
  [[maybe_unused]] static constexpr std::string_view word = "torn";
};
struct unfinished;

TEST(policy, names_its_family_and_its_word) {
  EXPECT_TRUE(tenon::policy<mine>);
  EXPECT_TRUE((tenon::policy_of<mine, tenon::family::clock>));
  EXPECT_FALSE((tenon::policy_of<mine, tenon::family::queue>));
}

TEST(policy, is_refused_without_a_word_a_family_or_when_it_has_members) {
  EXPECT_FALSE(tenon::policy<wordless>);
  EXPECT_FALSE(tenon::policy<full>);
  EXPECT_FALSE(tenon::policy<hidden>);
  EXPECT_FALSE(tenon::policy<liar>);
  EXPECT_FALSE(tenon::policy<torn>) << "two families are none";
  EXPECT_FALSE(tenon::policy<int>);
  EXPECT_FALSE(tenon::policy<void>);
  EXPECT_FALSE(tenon::policy<unfinished>) << "asking about a declared type is no error";
}

}  // namespace
