// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/desk.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace {

namespace http = tenon::http;

TEST(desk, a_new_one_holds_no_memory_beside_itself) {
  const http::desk one;
  EXPECT_EQ(one.in.capacity() + one.out.capacity(), 0U);
  EXPECT_FALSE(one.parser.is_in_body());
  EXPECT_EQ(one.until, tenon::time_point{});
}

TEST(desk, patience_ends_for_each_thing_that_a_client_may_take_its_time_over) {
  const http::patience all;
  for (const tenon::duration each : {all.idle, all.head, all.body, all.answer, all.close}) {
    EXPECT_GT(each, tenon::duration::zero());
    EXPECT_LE(each, all.idle) << "nothing is waited for longer than for the next request";
  }
}

}  // namespace
