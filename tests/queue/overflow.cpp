// SPDX-License-Identifier: BSL-1.0

#include <tenon/pipeline/stage.hpp>
#include <tenon/queue/overflow.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace {

TEST(overflow, words_are_spelled_as_they_are_named) {
  EXPECT_EQ(std::string_view{tenon::block.word}, "block");
  EXPECT_EQ(std::string_view{tenon::reject.word}, "reject");
  EXPECT_EQ(std::string_view{tenon::drop_oldest.word}, "drop_oldest");
  EXPECT_EQ(std::string_view{tenon::drop_newest.word}, "drop_newest");
}

TEST(overflow, only_drop_oldest_makes_consumers_of_producers) {
  EXPECT_FALSE(tenon::block.producer_pops);
  EXPECT_FALSE(tenon::reject.producer_pops);
  EXPECT_TRUE(tenon::drop_oldest.producer_pops);
  EXPECT_FALSE(tenon::drop_newest.producer_pops);
}

TEST(overflow, one_word_waits_one_rejects_and_two_drop) {
  EXPECT_TRUE(tenon::block.waits && !tenon::block.rejects);
  EXPECT_TRUE(!tenon::reject.waits && tenon::reject.rejects);
  EXPECT_FALSE(tenon::drop_oldest.waits || tenon::drop_oldest.rejects);
  EXPECT_FALSE(tenon::drop_newest.waits || tenon::drop_newest.rejects);
}

struct my_word {
  static constexpr auto word = tenon::fixed_string("my_word");
  static constexpr bool waits = false;
  static constexpr bool rejects = true;
  static constexpr bool producer_pops = true;
};

struct with_bytes : my_word {
  int bytes;
};

TEST(overflow, a_word_is_an_empty_type_that_says_all) {
  EXPECT_TRUE(tenon::overflow_word<tenon::overflow::block>);
  EXPECT_TRUE(tenon::overflow_word<my_word>);
  EXPECT_FALSE(tenon::overflow_word<int>);
  EXPECT_FALSE(tenon::overflow_word<with_bytes>);
}

// A name means the same whatever else is included: the type has another than the word.
TEST(overflow, a_word_is_the_value_of_its_type_beside_stages_too) {
  EXPECT_TRUE((std::is_same_v<decltype(tenon::drop_oldest), const tenon::overflow::drop_oldest>));
  constexpr auto one = tenon::stage<"one">([](int x) { return x; }, tenon::queue_of<4>, my_word{});
  EXPECT_TRUE((std::is_same_v<decltype(one)::when_full, my_word>));
}

}  // namespace
