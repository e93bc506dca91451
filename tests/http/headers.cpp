// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/headers.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using tenon::http::header;
using tenon::http::headers;

constexpr std::string_view lines =
    "Host: example.org\r\nX-A:one\r\nAccept:  text/html, */*;q=0.8, a-value-longer-than-sixteen-bytes \t\r\n"
    "X-Empty:\r\nx-a: two\r\nTime: 12:30\r\n";

TEST(HttpHeaders, IteratesInOrderAndTrims) {
  std::vector<header> seen;
  for (const header h : headers(lines)) seen.push_back(h);
  const std::vector<header> expected{
      {"Host", "example.org"}, {"X-A", "one"}, {"Accept", "text/html, */*;q=0.8, a-value-longer-than-sixteen-bytes"},
      {"X-Empty", ""},         {"x-a", "two"}, {"Time", "12:30"}};
  EXPECT_EQ(seen, expected);
}

TEST(HttpHeaders, FindIgnoresCaseAndGivesTheFirst) {
  const headers all(lines);
  EXPECT_EQ(all.find("x-A"), "one");
  EXPECT_EQ(all.find("HOST"), "example.org");
  EXPECT_EQ(all.find("time"), "12:30");
  EXPECT_EQ(all.find("x-empty"), "");
  EXPECT_EQ(all.find("accept"), "text/html, */*;q=0.8, a-value-longer-than-sixteen-bytes");
}

TEST(HttpHeaders, FindsNothingThatIsNotThere) {
  const headers all(lines);
  for (const char* name : {"", "Hos", "Hostt", "Tim", "X", "a-name-longer-than-all-the-lines-together-could-ever-be"}) {
    EXPECT_FALSE(all.contains(name)) << name;
  }
  EXPECT_FALSE(headers().contains("host"));
  EXPECT_TRUE(headers().empty());
  EXPECT_TRUE(headers().begin() == headers().end());
}

TEST(HttpHeaders, OnlyLettersFoldCase) {
  const headers all("A^b: 1\r\nA_b: 2\r\n");
  EXPECT_EQ(all.find("a~b"), std::nullopt);
  EXPECT_EQ(all.find("a_B"), "2");
  EXPECT_EQ(all.find("a^B"), "1");
}

}  // namespace
