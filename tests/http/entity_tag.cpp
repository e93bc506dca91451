// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/entity_tag.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

namespace http = tenon::http;

TEST(entity_tag, of_a_file_tells_its_states_apart) {
  EXPECT_EQ(http::entity_tag::of_file(100'000, 0).text(), "\"186a0-0\"");
  EXPECT_NE(http::entity_tag::of_file(1, 2).text(), http::entity_tag::of_file(1, 3).text());
  EXPECT_NE(http::entity_tag::of_file(0x11, 1).text(), http::entity_tag::of_file(1, 0x11).text());
  const auto longest = http::entity_tag::of_file(UINT64_MAX, -1);
  EXPECT_EQ(longest.text(), "\"ffffffffffffffff-ffffffffffffffff\"");
  EXPECT_EQ(longest.with_suffix("gz").text(), "\"ffffffffffffffff-ffffffffffffffff-gz\"");
  EXPECT_EQ(longest.with_suffix("zstd").weakened().text(), "W/\"ffffffffffffffff-ffffffffffffffff-zstd\"");
  EXPECT_FALSE(longest.is_weak());
  EXPECT_TRUE(longest.weakened().is_weak());
  EXPECT_EQ(longest.weakened().weakened().text(), longest.weakened().text());
  EXPECT_EQ(http::entity_tag().with_suffix("gz").text(), "");
}

// The table of RFC 9110 section 8.8.3.2.
TEST(entity_tag, compares_strongly_and_weakly) {
  EXPECT_FALSE(http::matches_strongly("W/\"1\"", "W/\"1\""));
  EXPECT_TRUE(http::matches_weakly("W/\"1\"", "W/\"1\""));
  EXPECT_FALSE(http::matches_weakly("W/\"1\"", "W/\"2\""));
  EXPECT_FALSE(http::matches_strongly("W/\"1\"", "\"1\""));
  EXPECT_TRUE(http::matches_weakly("W/\"1\"", "\"1\""));
  EXPECT_TRUE(http::matches_strongly("\"1\"", "\"1\""));
  EXPECT_FALSE(http::matches_strongly("1", "1"));
  EXPECT_FALSE(http::matches_weakly("w/\"1\"", "\"1\""));
  EXPECT_FALSE(http::matches_weakly("\"a b\"", "\"a b\""));
  EXPECT_FALSE(http::matches_weakly("", ""));
}

std::vector<std::string> tags_of(std::string_view list) {
  std::vector<std::string> tags;
  for (std::string_view tag = http::detail::next_tag(list); !tag.empty(); tag = http::detail::next_tag(list)) {
    tags.emplace_back(tag);
  }
  return tags;
}

TEST(entity_tag, stands_in_lists_with_commas_of_its_own) {
  EXPECT_EQ(tags_of(R"("a,b" , W/"c",,"")"), (std::vector<std::string>{R"("a,b")", R"(W/"c")", R"("")"}));
  EXPECT_TRUE(tags_of("").empty());
  EXPECT_TRUE(tags_of("abc").empty());
  EXPECT_TRUE(tags_of("\"open").empty());
  EXPECT_TRUE(tags_of("W/").empty());
  EXPECT_EQ(tags_of("\"a\" \"b\"").size(), 0U);
  EXPECT_EQ(tags_of("\"a\", b, \"c\"").size(), 1U);
}

}  // namespace
