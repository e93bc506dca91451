// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/clock.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>

namespace {

using namespace std::chrono_literals;

struct stopped : tenon::family::clock {
  static constexpr std::string_view word = "stopped";
  struct source {
    tenon::time_point now() { return {}; }
    tenon::duration until(tenon::time_point) noexcept { return {}; }
  };
};
static_assert(!tenon::clock_policy<stopped>, "reading the time must not throw");

TEST(steady, is_the_machines_clock) {
  tenon::steady::source clock;
  const tenon::time_point before = std::chrono::steady_clock::now();
  const tenon::time_point now = clock.now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, clock.now());
}

TEST(steady, has_a_cheaper_reading_that_is_a_little_behind) {
  const tenon::steady::source clock;
  for (int i = 0; i < 1000; ++i) {
    const tenon::time_point coarse = clock.coarse_now();
    EXPECT_LE(coarse, clock.now());
    EXPECT_GT(coarse + 50ms, clock.now());
  }
  tenon::virtual_clock::source other;
  (void)other.until(other.now() + 1h);
  EXPECT_EQ(tenon::detail::coarse_now(other), other.now());
}

TEST(steady, says_what_is_left_and_never_less_than_nothing) {
  tenon::steady::source clock;
  EXPECT_EQ(clock.until(clock.now() - 1h), tenon::duration::zero());
  EXPECT_EQ(clock.until(tenon::time_point::min() + 1h), tenon::duration::zero());
  const tenon::duration left = clock.until(clock.now() + 1h);
  EXPECT_GT(left, 59min);
  EXPECT_LE(left, 1h);
  EXPECT_GT(clock.until(tenon::never), 24h);
}

TEST(steady, counts_no_further_than_to_the_end_of_time) {
  const tenon::time_point now = tenon::steady::source::now();
  EXPECT_EQ(tenon::detail::after(now, 5s), now + 5s);
  EXPECT_EQ(tenon::detail::after(now, -5s), now - 5s);
  EXPECT_EQ(tenon::detail::after(now, tenon::duration::max()), tenon::never);
  EXPECT_EQ(tenon::detail::after(now, tenon::duration::max() - 1h), tenon::never);
}

TEST(virtual_clock, stands_still_until_somebody_waits) {
  tenon::virtual_clock::source clock;
  const tenon::time_point start = clock.now();
  EXPECT_EQ(clock.now(), start);
  EXPECT_EQ(clock.until(start + 1h), tenon::duration::zero()) << "nobody sleeps for it";
  EXPECT_EQ(clock.now(), start + 1h);
}

TEST(virtual_clock, never_goes_back) {
  tenon::virtual_clock::source clock;
  (void)clock.until(clock.now() + 1h);
  const tenon::time_point later = clock.now();
  (void)clock.until(later - 30min);
  EXPECT_EQ(clock.now(), later);
}

TEST(virtual_clock, reaches_the_end_of_time) {
  tenon::virtual_clock::source clock;
  EXPECT_EQ(clock.until(tenon::never), tenon::duration::zero());
  EXPECT_EQ(clock.now(), tenon::never);
}

}  // namespace
