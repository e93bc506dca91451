// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/result.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using tenon::result;

const std::error_code broken = std::make_error_code(std::errc::broken_pipe);

/// Counts how many of it are alive.
struct alive {
  explicit alive(int* counter) : count(counter) { ++*count; }
  alive(const alive& other) : count(other.count) { ++*count; }
  alive(alive&& other) noexcept : count(other.count) { ++*count; }
  alive& operator=(const alive&) = default;
  alive& operator=(alive&&) = default;
  ~alive() { --*count; }
  int* count;
};

static_assert(!std::is_copy_constructible_v<result<std::unique_ptr<int>>>);
static_assert(!std::is_copy_assignable_v<result<std::unique_ptr<int>>>);
static_assert(std::is_nothrow_move_constructible_v<result<std::unique_ptr<int>>>);
static_assert(!std::is_convertible_v<result<int>, bool>, "a result<int> that turns into a number would be read wrong");
static_assert(!std::is_default_constructible_v<result<int>>);
static_assert(std::is_default_constructible_v<result<void>>);

TEST(result, holds_a_value) {
  result<int> r = 7;
  EXPECT_TRUE(r);
  EXPECT_TRUE(r.has_value());
  EXPECT_EQ(*r, 7);
  EXPECT_EQ(r.value(), 7);
  EXPECT_FALSE(r.error());
  *r = 8;
  EXPECT_EQ(std::as_const(r).value(), 8);
}

TEST(result, holds_an_error) {
  const result<int> r = broken;
  EXPECT_FALSE(r);
  EXPECT_EQ(r.error(), broken);
  EXPECT_EQ(r.error(), std::errc::broken_pipe);
}

TEST(result, turns_an_errc_and_an_errno_into_an_error) {
  const result<std::string> r = std::errc::timed_out;
  EXPECT_EQ(r.error(), std::errc::timed_out);
  EXPECT_EQ(tenon::error_of(ECONNREFUSED), std::errc::connection_refused);
  const result<bool> flag = std::errc::timed_out;
  EXPECT_FALSE(flag.has_value()) << "an errc is an error, even where the value is a bool";
}

TEST(result, throws_its_error_where_a_value_was_wanted) {
  result<int> r = broken;
  try {
    (void)r.value();
    FAIL() << "it had no value";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), broken);
  }
  EXPECT_THROW((void)std::as_const(r).value(), std::system_error);
  EXPECT_THROW((void)std::move(r).value(), std::system_error);
  EXPECT_THROW(result<void>(broken).value(), std::system_error);
}

TEST(result, holds_what_only_moves) {
  result<std::unique_ptr<int>> r = std::make_unique<int>(3);
  EXPECT_EQ(**r, 3);
  result<std::unique_ptr<int>> moved = std::move(r);
  EXPECT_EQ(**moved, 3);
  r = std::move(moved);
  const std::unique_ptr<int> out = *std::move(r);
  EXPECT_EQ(*out, 3);
  EXPECT_EQ(*result<std::unique_ptr<int>>(std::make_unique<int>(4)).value(), 4);
}

TEST(result, reaches_members) {
  result<std::string> r = "text";
  EXPECT_EQ(r->size(), 4U);
  EXPECT_EQ(std::as_const(r)->size(), 4U);
}

TEST(result, falls_back) {
  EXPECT_EQ(result<int>(1).value_or(2), 1);
  EXPECT_EQ(result<int>(broken).value_or(2), 2);
  EXPECT_EQ(result<std::string>(broken).value_or("none"), "none");
}

TEST(result, changes_between_value_and_error_without_a_leak) {
  int count = 0;
  {
    result<alive> r{alive(&count)};
    EXPECT_EQ(count, 1);
    r = result<alive>(broken);
    EXPECT_EQ(count, 0);
    EXPECT_EQ(r.error(), broken);
    r = result<alive>(alive(&count));
    EXPECT_EQ(count, 1);
    result<alive> copy = r;
    EXPECT_EQ(count, 2);
    copy = r;
    EXPECT_EQ(count, 2);
    const result<alive> error = broken;
    copy = error;
    EXPECT_EQ(count, 1);
    result<alive>& same = r;
    r = std::move(same);
    r = same;
    EXPECT_EQ(count, 1);
    EXPECT_TRUE(r.has_value());
  }
  EXPECT_EQ(count, 0);
}

TEST(result, of_nothing) {
  const result<void> good;
  EXPECT_TRUE(good);
  EXPECT_FALSE(good.error());
  good.value();
  const result<void> bad = std::errc::broken_pipe;
  EXPECT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error(), broken);
}

result<std::vector<int>> three_or(bool fail) {
  if (fail) return std::errc::invalid_argument;
  return std::vector{1, 2, 3};
}

TEST(result, is_what_a_function_returns) {
  EXPECT_EQ(three_or(false)->size(), 3U);
  EXPECT_EQ(three_or(true).error(), std::errc::invalid_argument);
}

#if !defined(NDEBUG) && defined(GTEST_HAS_DEATH_TEST)
TEST(result_death_test, reading_a_value_that_is_not_there_asserts) {
  result<int> r = broken;
  EXPECT_DEATH((void)*r, "has_");
}
#endif

}  // namespace
