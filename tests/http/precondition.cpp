// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/precondition.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace {

namespace http = tenon::http;
using http::precondition;
using std::chrono::sys_seconds;

constexpr std::string_view before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view exactly = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view after = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr sys_seconds modified(std::chrono::seconds(784'111'777));
constexpr std::string_view tag = "\"a,b\"";

/// With headers "N: value;..." for If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since.
precondition of(std::string lines, http::method method = http::method::get, http::validators state = {tag, modified}) {
  http::request asked{.method = method};
  asked.headers = http::headers(lines);
  return http::evaluate(asked, state);
}
std::string line(std::string_view name, std::string_view value) {
  return std::string(name) + ": " + std::string(value) + "\r\n";
}

TEST(precondition, of_a_tag) {
  EXPECT_EQ(of(""), precondition::met);
  EXPECT_EQ(of(line("If-None-Match", tag)), precondition::not_modified);
  EXPECT_EQ(of(line("if-none-match", "\"x\", W/\"a,b\"")), precondition::not_modified);
  EXPECT_EQ(of(line("If-None-Match", "\"x\"") + line("If-None-Match", tag)), precondition::not_modified);
  EXPECT_EQ(of(line("If-None-Match", tag), http::method::put), precondition::failed);
  EXPECT_EQ(of(line("If-None-Match", "\"x\"")), precondition::met);
  EXPECT_EQ(of(line("If-None-Match", "*")), precondition::not_modified);
  EXPECT_EQ(of(line("If-None-Match", "*"), http::method::put, {.tag = {}, .modified = {}, .exists = false}),
            precondition::met);
  EXPECT_EQ(of(line("If-Match", tag)), precondition::met);
  EXPECT_EQ(of(line("If-Match", "W/\"a,b\"")), precondition::failed);
  EXPECT_EQ(of(line("If-Match", "\"x\"")), precondition::failed);
  EXPECT_EQ(of(line("If-Match", "*")), precondition::met);
  EXPECT_EQ(of(line("If-Match", "*"), http::method::put, {.tag = {}, .modified = {}, .exists = false}),
            precondition::failed);
}

TEST(precondition, of_a_time) {
  EXPECT_EQ(of(line("If-Modified-Since", before)), precondition::met);
  EXPECT_EQ(of(line("If-Modified-Since", exactly)), precondition::not_modified);
  EXPECT_EQ(of(line("If-Modified-Since", after)), precondition::not_modified);
  EXPECT_EQ(of(line("If-Modified-Since", after), http::method::post), precondition::met);
  EXPECT_EQ(of(line("If-Modified-Since", "yesterday")), precondition::met);
  EXPECT_EQ(of(line("If-Modified-Since", after), http::method::get, {tag, {}}), precondition::met);
  EXPECT_EQ(of(line("If-Unmodified-Since", before)), precondition::failed);
  EXPECT_EQ(of(line("If-Unmodified-Since", exactly)), precondition::met);
  EXPECT_EQ(of(line("If-Unmodified-Since", "yesterday")), precondition::met);
}

TEST(precondition, of_a_tag_goes_before_that_of_a_time) {
  EXPECT_EQ(of(line("If-Match", tag) + line("If-Unmodified-Since", before)), precondition::met);
  EXPECT_EQ(of(line("If-Match", "\"x\"") + line("If-Unmodified-Since", after)), precondition::failed);
  EXPECT_EQ(of(line("If-None-Match", "\"x\"") + line("If-Modified-Since", after)), precondition::met);
  EXPECT_EQ(of(line("If-None-Match", tag) + line("If-Modified-Since", before)), precondition::not_modified);
  // Both must hold: first that it is the one that was meant, then that it is new to the client.
  EXPECT_EQ(of(line("If-Match", tag) + line("If-None-Match", tag)), precondition::not_modified);
  EXPECT_EQ(of(line("If-Match", "\"x\"") + line("If-None-Match", tag)), precondition::failed);
}

bool ranged(std::string_view if_range, sys_seconds now = modified + std::chrono::seconds(1),
            http::validators state = {tag, modified}) {
  const std::string lines = line("If-Range", if_range);
  http::request asked;
  asked.headers = http::headers(lines);
  return http::range_applies(asked, state, now);
}

TEST(precondition, of_a_range_holds_for_exactly_this_state) {
  EXPECT_TRUE(http::range_applies({}, {tag, modified}, modified));
  EXPECT_TRUE(ranged(tag));
  EXPECT_FALSE(ranged("W/\"a,b\""));
  EXPECT_FALSE(ranged("\"x\""));
  EXPECT_FALSE(ranged("W/\"a,b\"", modified + std::chrono::seconds(1), {"W/\"a,b\"", modified}));
  EXPECT_TRUE(ranged(exactly));
  EXPECT_FALSE(ranged(after));
  EXPECT_FALSE(ranged(before));
  EXPECT_FALSE(ranged(exactly, modified));  // it may change once more within this second
  EXPECT_FALSE(ranged("nonsense"));
}

}  // namespace
