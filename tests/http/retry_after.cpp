// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/retry_after.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using tenon::http::headers;
using tenon::http::retry_after;

TEST(retry_after, is_seconds_or_a_date_beside_the_answers_own) {
  EXPECT_EQ(retry_after(headers("Retry-After: 120\r\n")), 120s);
  EXPECT_EQ(retry_after(headers("Retry-After: 99999999999\r\n")), 24h);
  EXPECT_EQ(
      retry_after(headers("Date: Wed, 31 Dec 1999 23:59:30 GMT\r\nRetry-After: Sat, 01 Jan 2000 00:00:05 GMT\r\n")),
      35s);
  EXPECT_EQ(
      retry_after(headers("Date: Sat, 01 Jan 2000 00:00:05 GMT\r\nRetry-After: Wed, 31 Dec 1999 23:59:30 GMT\r\n")),
      0s);
  EXPECT_EQ(retry_after(headers("Retry-After: Wed, 31 Dec 1999 23:59:30 GMT\r\n")), 0s) << "this machine's clock";
  EXPECT_EQ(retry_after(headers("Retry-After: Fri, 31 Dec 9999 23:59:30 GMT\r\n")), 24h);
}

TEST(retry_after, what_cannot_be_read_is_nothing) {
  EXPECT_FALSE(retry_after(headers()));
  for (const char* const bad :
       {"Retry-After: soon\r\n", "Retry-After: -1\r\n", "Retry-After:\r\n",
        "Retry-After: Wed, 31 Foo 1999 23:59:30 GMT\r\n", "Retry-After: Wed, 32 Dec 1999 23:59:30 GMT\r\n",
        "Retry-After: Wed, 30 Feb 2000 23:59:30 GMT\r\n", "Retry-After: Wed, 31 Dec 1999 24:59:30 GMT\r\n",
        "Retry-After: Wed, 31 Dec 1999 23:59:30 CET\r\n"}) {
    EXPECT_FALSE(retry_after(headers(bad))) << bad;
  }
}

}  // namespace
