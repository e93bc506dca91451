// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/http_date.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string_view>

namespace {

namespace http = tenon::http;
using std::chrono::sys_seconds;

constexpr sys_seconds at(long long seconds) { return sys_seconds(std::chrono::seconds(seconds)); }

TEST(http_date, is_read_in_all_three_forms) {
  constexpr sys_seconds known = at(784'111'777);
  EXPECT_EQ(http::read_date("Sun, 06 Nov 1994 08:49:37 GMT"), known);
  EXPECT_EQ(http::read_date("Sunday, 06-Nov-94 08:49:37 GMT"), known);
  EXPECT_EQ(http::read_date("Sun Nov  6 08:49:37 1994"), known);
  EXPECT_EQ(http::read_date("Wed Nov 16 08:49:37 1994"), at(784'111'777 + 864'000));
  EXPECT_EQ(http::read_date("Thu, 01 Jan 1970 00:00:00 GMT"), at(0));
  EXPECT_EQ(http::read_date("Tue, 29 Feb 2000 23:59:60 GMT"), at(951'868'800));
  EXPECT_EQ(http::read_date("Wednesday, 01-Jan-60 00:00:00 GMT", at(1'700'000'000)), at(2'840'140'800));
  EXPECT_EQ(http::read_date("Wednesday, 01-Jan-80 00:00:00 GMT", at(1'700'000'000)), at(315'532'800));
}

TEST(http_date, that_is_none_is_nothing) {
  for (const std::string_view text :
       {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 30 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 00 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994", "Sun, 06 Nov -994 08:49:37 GMT"}) {
    EXPECT_FALSE(http::read_date(text)) << text;
  }
}

RC_GTEST_PROP(http_date, what_is_written_is_read, ()) {
  const auto seconds = *rc::gen::inRange<long long>(-62'135'596'800, 253'402'300'799);
  const http::http_date written(at(seconds));
  RC_ASSERT(http::read_date(written.text()) == at(seconds));
}

}  // namespace
