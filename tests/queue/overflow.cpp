// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/overflow.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace {

TEST(overflow, words_are_spelled_as_they_are_named) {
  EXPECT_EQ(std::string_view{tenon::block::word}, "block");
  EXPECT_EQ(std::string_view{tenon::reject::word}, "reject");
  EXPECT_EQ(std::string_view{tenon::drop_oldest::word}, "drop_oldest");
  EXPECT_EQ(std::string_view{tenon::drop_newest::word}, "drop_newest");
}

TEST(overflow, only_drop_oldest_makes_consumers_of_producers) {
  EXPECT_FALSE(tenon::block::producer_pops);
  EXPECT_FALSE(tenon::reject::producer_pops);
  EXPECT_TRUE(tenon::drop_oldest::producer_pops);
  EXPECT_FALSE(tenon::drop_newest::producer_pops);
}

struct sentence_with_bytes {
  static constexpr auto word = tenon::fixed_string("sentence_with_bytes");
  static constexpr bool producer_pops = false;
  int bytes;
};

TEST(overflow, a_word_is_an_empty_type_that_says_both) {
  EXPECT_FALSE(sentence_with_bytes::word.view().empty() || sentence_with_bytes::producer_pops);
  EXPECT_TRUE(tenon::overflow_word<tenon::block>);
  EXPECT_FALSE(tenon::overflow_word<int>);
  EXPECT_FALSE(tenon::overflow_word<sentence_with_bytes>);
}

}  // namespace
