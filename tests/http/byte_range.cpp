// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/byte_range.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace http = tenon::http;

/// "first+count ..." of what is asked; "whole"; "416".
std::string parts(std::string_view header, std::uint64_t size) {
  const http::byte_ranges asked(header, size);
  if (asked.is_whole()) return "whole";
  if (asked.is_unsatisfiable()) return "416";
  std::string text;
  for (const http::byte_range& part : asked.parts()) {
    text += (text.empty() ? "" : " ") + std::to_string(part.first) + "+" + std::to_string(part.count);
  }
  return text;
}

TEST(byte_range, of_the_three_kinds) {
  EXPECT_EQ(parts("bytes=0-499", 10'000), "0+500");
  EXPECT_EQ(parts("bytes=500-", 10'000), "500+9500");
  EXPECT_EQ(parts("bytes=-500", 10'000), "9500+500");
  EXPECT_EQ(parts("bytes=-20000", 10'000), "0+10000");
  EXPECT_EQ(parts("bytes=9999-20000", 10'000), "9999+1");
  EXPECT_EQ(parts("BYTES=0-0", 1), "0+1");
  EXPECT_EQ(parts("bytes=0-99999999999999999999999", 10), "0+10");
  EXPECT_EQ(parts("bytes=5-18446744073709551615", UINT64_MAX), "5+18446744073709551610");
}

TEST(byte_range, several_stay_in_their_order_and_those_that_touch_are_one) {
  EXPECT_EQ(parts("bytes=0-0, -1", 100), "0+1 99+1");
  EXPECT_EQ(parts("bytes=50-59,,10-19 ,", 100), "50+10 10+10");
  EXPECT_EQ(parts("bytes=0-9,10-19", 100), "0+20");
  EXPECT_EQ(parts("bytes=0-9,20-29,5-24", 100), "0+30");
  EXPECT_EQ(parts("bytes=60-69,0-9,40-49,5-45", 100), "60+10 0+50");
  EXPECT_EQ(parts("bytes=0-9,200-300,-0", 100), "0+10");
}

TEST(byte_range, that_cannot_be_is_416_and_one_that_is_none_is_not_heard) {
  for (const std::string_view header : {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999-"}) {
    EXPECT_EQ(parts(header, 100), "416") << header;
  }
  for (const std::string_view header :
       {"", "bytes", "bytes=", "bytes= ,", "lines=0-1", "bytes=1", "bytes=a-b", "bytes=-", "bytes=--1", "bytes=2-1",
        "bytes=0-1,2", "bytes=0-1;2-3", "bytes=0x1-2", "bytes=+1-2", "bytes =0-1", "bytes=1 - 2"}) {
    EXPECT_EQ(parts(header, 100), "whole") << header;
  }
  EXPECT_EQ(parts("bytes=0-", 0), "416");
  EXPECT_EQ(parts("bytes=-5", 0), "whole");
}

TEST(byte_range, of_more_than_sixteen_is_not_heard) {
  std::string header = "bytes=0-0";
  for (int i = 1; i < 16; ++i) header += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  EXPECT_EQ(http::byte_ranges(header, 100).parts().size(), 16U);
  EXPECT_EQ(parts(header + ",50-50", 100), "whole");
  EXPECT_EQ(parts(header + ",500-", 100), "whole");
}

// The bytes that are sent are those that were asked for, each of them once, whatever was asked.
RC_GTEST_PROP(byte_range, parts_are_the_union_of_what_was_asked, ()) {
  const auto size = *rc::gen::inRange<unsigned>(1, 60);
  const auto asked = *rc::gen::resize(16, rc::gen::container<std::vector<std::pair<unsigned, unsigned>>>(
                                              rc::gen::pair(rc::gen::inRange(0U, 70U), rc::gen::inRange(0U, 70U))));
  const auto kinds = *rc::gen::container<std::vector<int>>(asked.size(), rc::gen::inRange(0, 3));
  std::string header = "bytes=";
  std::vector<bool> wanted(size);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto [a, b] = asked[i];
    unsigned first = a;
    unsigned end = size;
    if (kinds[i] == 0) {
      first = a < b ? a : b;
      end = (a < b ? b : a) + 1;
      header += std::to_string(first) + "-" + std::to_string(end - 1) + ",";
    } else if (kinds[i] == 1) {
      header += std::to_string(first) + "-,";
    } else {
      first = a < size ? size - a : 0;
      header += "-" + std::to_string(a) + ",";
    }
    for (unsigned k = first; k < end && k < size; ++k) wanted[k] = true;
  }
  const http::byte_ranges found(header, size);
  std::vector<bool> sent(size);
  for (const http::byte_range& part : found.parts()) {
    RC_ASSERT(part.count > 0 && part.end() <= size);
    for (std::uint64_t k = part.first; k < part.end(); ++k) {
      RC_ASSERT(!sent[static_cast<std::size_t>(k)]);
      sent[static_cast<std::size_t>(k)] = true;
    }
  }
  if (asked.size() > http::byte_ranges::capacity) {
    RC_ASSERT(found.is_whole());
  } else {
    RC_ASSERT(sent == wanted);
  }
}

}  // namespace
