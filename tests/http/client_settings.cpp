// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/client_settings.hpp>

#include <gtest/gtest.h>

namespace {

TEST(client_settings, bound_every_wait_and_every_loop) {
  const tenon::http::client_settings usual;
  EXPECT_GT(usual.times.connect, tenon::duration::zero());
  EXPECT_GT(usual.times.head, tenon::duration::zero());
  EXPECT_GT(usual.times.body, tenon::duration::zero());
  EXPECT_EQ(usual.times.whole, tenon::duration::zero()) << "no bound: a download may take long";
  EXPECT_EQ(usual.redirects, 0U);
  EXPECT_LE(usual.retry.first, usual.retry.longest);
  EXPECT_GT(usual.pool.per_host, 0U);
}

}  // namespace
