// SPDX-License-Identifier: BSL-1.0
#include <tenon/config/outcome.hpp>

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace {

using tenon::config::outcome;

TEST(outcome, holds_a_value) {
  outcome<int> seven = 7;
  EXPECT_TRUE(seven);
  EXPECT_EQ(*seven, 7);
  EXPECT_EQ(seven.error(), "");
  EXPECT_EQ(std::move(seven).value(), 7);
}

TEST(outcome, holds_the_sentence_instead) {
  const auto bad = outcome<int>::failure("no");
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error(), "no");
}

TEST(outcome, an_error_is_not_swallowed_by_a_conversion) {
  const int rc = outcome<int>(3);
  EXPECT_EQ(rc, 3);
  try {
    const int none = outcome<int>::failure("tenon.toml:3: no");
    FAIL() << none;
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "tenon.toml:3: no");
  }
}

TEST(outcome, moves_what_cannot_be_copied) {
  outcome<std::unique_ptr<int>> held = std::make_unique<int>(5);
  EXPECT_EQ(**held, 5);
  EXPECT_EQ(*std::move(held).value(), 5);
}

TEST(outcome, of_nothing_says_whether) {
  EXPECT_TRUE(outcome<void>{});
  outcome<void>{}.value();
  const auto bad = outcome<void>::failure("no");
  EXPECT_FALSE(bad);
  EXPECT_THROW(bad.value(), std::runtime_error);
}

}  // namespace
