// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/websocket_settings.hpp>

#include <gtest/gtest.h>

namespace {

TEST(websocket_settings, bound_what_the_other_side_may_do) {
  const tenon::http::websocket_settings usual;
  EXPECT_GT(usual.message_bytes, 0U);
  for (const tenon::duration one : {usual.ping_every, usual.pong_within, usual.write, usual.close}) {
    EXPECT_GT(one, tenon::duration::zero());
  }
}

}  // namespace
