// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/json_limits.hpp>

#include <gtest/gtest.h>

TEST(json_limits, are_a_mebibyte_and_as_deep_as_people_write) {
  constexpr tenon::http::json_limits usual;
  static_assert(usual.body_bytes == std::uint64_t{1} << 20 && usual.depth == 32);
  constexpr tenon::http::json_limits mine{.body_bytes = 10, .depth = 2};
  static_assert(mine.body_bytes == 10 && mine.depth == 2);
}
