// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/trace_context.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <thread>

namespace {

using tenon::trace_context;

constexpr std::string_view known = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(trace_context, reads_and_writes_the_recommendations_example) {
  constexpr auto read = trace_context::parse(known);
  static_assert(read && read->valid());
  EXPECT_EQ(read->trace_high, 0x0af7651916cd43ddU);
  EXPECT_EQ(read->trace_low, 0x8448eb211c80319cU);
  EXPECT_EQ(read->span, 0xb7ad6b7169203331U);
  EXPECT_TRUE(read->sampled());
  static_assert(read->format().text() == known);
}

TEST(trace_context, refuses_what_the_recommendation_forbids) {
  const auto refused = [](std::string_view header) { return !trace_context::parse(header).has_value(); };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused(known.substr(0, 54)));
  EXPECT_TRUE(refused(std::string(known) + "-"));
  EXPECT_TRUE(refused(std::string(known) + " "));
  EXPECT_TRUE(refused("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_TRUE(refused("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_TRUE(refused("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  EXPECT_TRUE(refused("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_TRUE(refused("0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_TRUE(refused("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_TRUE(refused("00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01"));
  EXPECT_TRUE(refused("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01"));
  EXPECT_TRUE(refused("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0G"));
  EXPECT_TRUE(refused(" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
}

TEST(trace_context, reads_later_versions_by_what_it_knows_of_them) {
  EXPECT_TRUE(trace_context::parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  const auto longer = trace_context::parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-what-comes.then");
  ASSERT_TRUE(longer);
  EXPECT_FALSE(longer->sampled());
  EXPECT_FALSE(trace_context::parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00.what"));
}

TEST(trace_context, a_child_stays_in_its_trace) {
  const auto parent = trace_context::generate(true);
  EXPECT_TRUE(parent.valid());
  const auto child = parent.child();
  EXPECT_EQ(child.trace_high, parent.trace_high);
  EXPECT_EQ(child.trace_low, parent.trace_low);
  EXPECT_NE(child.span, parent.span);
  EXPECT_TRUE(child.sampled());
  EXPECT_FALSE(trace_context::generate().sampled());
}

TEST(trace_context, a_child_passes_on_no_flag_that_its_version_does_not_know) {
  const auto parent = trace_context::parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff");
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->child().format().text().substr(52), "-01");
  const auto unsampled = trace_context::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-fe");
  ASSERT_TRUE(unsampled);
  EXPECT_EQ(unsampled->child().format().text().substr(52), "-00");
}

TEST(trace_context, no_two_threads_draw_the_same) {
  std::set<std::uint64_t> drawn;
  std::array<std::array<std::uint64_t, 1'000>, 4> each{};
  for (auto& some : each) {
    std::thread([&some] {
      for (auto& one : some) one = trace_context::generate().span;
    }).join();
    drawn.insert(some.begin(), some.end());
  }
  EXPECT_EQ(drawn.size(), 4'000U);
}

RC_GTEST_PROP(trace_context, what_is_written_is_read, ()) {
  trace_context any;
  any.trace_high = *rc::gen::arbitrary<std::uint64_t>();
  any.trace_low = *rc::gen::nonZero<std::uint64_t>();
  any.span = *rc::gen::nonZero<std::uint64_t>();
  any.flags = *rc::gen::arbitrary<std::uint8_t>();
  const auto line = any.format();
  const auto back = trace_context::parse(line.text());
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == any);
}

RC_GTEST_PROP(trace_context, any_bytes_are_read_or_refused, (const std::string& bytes)) {
  const auto read = trace_context::parse(bytes);
  if (read) RC_ASSERT(read->valid());
}

RC_GTEST_PROP(trace_context, a_spoiled_character_is_refused_or_read_as_it_stands, ()) {
  std::string line(known);
  const auto at = *rc::gen::inRange<std::size_t>(0, line.size());
  line[at] = *rc::gen::arbitrary<char>();
  const auto read = trace_context::parse(line);
  if (read && line.compare(0, 2, "00") == 0) RC_ASSERT(read->format().text() == line);
}

}  // namespace
