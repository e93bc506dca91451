// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/close_code.hpp>

#include <gtest/gtest.h>

namespace {

using tenon::http::close_code;

TEST(close_code, some_are_only_for_this_side_to_know) {
  const auto sendable = [](unsigned number) { return is_sendable(static_cast<close_code>(number)); };
  for (const unsigned good : {1000U, 1001U, 1002U, 1003U, 1007U, 1011U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
    EXPECT_TRUE(sendable(good)) << good;
  }
  for (const unsigned bad : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U, 65535U}) {
    EXPECT_FALSE(sendable(bad)) << bad;
  }
}

}  // namespace
