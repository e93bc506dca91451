// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/date_cache.hpp>

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <random>
#include <string>

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

TEST(HttpDateCache, TheExampleOfTheRfc) {
  tenon::http::date_cache cache;
  EXPECT_EQ(cache.line(sys_seconds(seconds(784111777))), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(cache.line(sys_seconds()), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
}

TEST(HttpDateCache, AgreesWithStrftime) {
  std::mt19937_64 random(3);
  tenon::http::date_cache cache;
  for (int i = 0; i < 5000; ++i) {
    const auto now = static_cast<std::time_t>(random() % 253402300800ULL);  // to the end of year 9999
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    ASSERT_EQ(cache.line(sys_seconds(seconds(now))), text.data());
    ASSERT_EQ(cache.line(sys_seconds(seconds(now))), text.data());
  }
}

TEST(HttpDateCache, KnowsWhatTimeItIs) {
  tenon::http::date_cache dates;
  const auto before =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - std::chrono::milliseconds(50));
  const std::string got(dates.line());
  const auto after = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  tenon::http::date_cache other;
  EXPECT_TRUE(got == other.line(before) || got == other.line(after)) << got;
}

}  // namespace
