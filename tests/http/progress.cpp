// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/progress.hpp>

#include <gtest/gtest.h>

namespace {

TEST(HttpProgress, IsOneOfThree) {
  using tenon::http::progress;
  const auto more = progress::more(3);
  const auto done = progress::complete(4);
  const auto failed = progress::failed(tenon::http::status::uri_too_long);
  EXPECT_TRUE(more.is_more() && !more.is_complete() && !more.is_failed());
  EXPECT_TRUE(done.is_complete() && !done.is_more() && !done.is_failed());
  EXPECT_TRUE(failed.is_failed() && !failed.is_more() && !failed.is_complete());
  EXPECT_EQ(more.bytes, 3U);
  EXPECT_EQ(done.bytes, 4U);
  EXPECT_EQ(failed.status, tenon::http::status::uri_too_long);
}

}  // namespace
