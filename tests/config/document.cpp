// SPDX-License-Identifier: BSL-1.0
#include <tenon/config/document.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

std::vector<std::string> words_of(std::string_view text) {
  auto read = tenon::config::sentence(text);
  EXPECT_TRUE(read) << read.error();
  std::vector<std::string> words;
  if (read) {
    for (auto& entry : read->words) words.push_back(entry.word);
  }
  return words;
}

using words = std::vector<std::string>;

TEST(document, a_sentence_is_words_between_commas) {
  EXPECT_EQ(words_of("io_uring, stealing ,mimalloc"), (words{"io_uring", "stealing", "mimalloc"}));
  EXPECT_EQ(words_of("epoll"), (words{"epoll"}));
  EXPECT_EQ(words_of("  "), words{});
}

TEST(document, a_comma_in_brackets_is_part_of_the_word) {
  EXPECT_EQ(words_of("elastic<4,16>, recycling<numa<2, 3>>"), (words{"elastic<4,16>", "recycling<numa<2, 3>>"}));
}

TEST(document, what_describe_says_can_be_read_back) {
  EXPECT_EQ(words_of("poll, stealing<> (default), off (default)"), (words{"poll", "stealing<>", "off"}));
}

TEST(document, says_what_is_wrong_with_a_sentence) {
  EXPECT_EQ(tenon::config::sentence("epoll,, fifo").error(),
            "\"epoll,, fifo\": a word is missing beside a comma; write words with a comma between each two");
  EXPECT_FALSE(tenon::config::sentence("epoll,"));
  EXPECT_FALSE(tenon::config::sentence(","));
  EXPECT_EQ(tenon::config::sentence("spsc<64").error(),
            "\"spsc<64\": a < that is not closed; write the word as in spsc<64>");
  EXPECT_FALSE(tenon::config::sentence("spsc>"));
}

}  // namespace
