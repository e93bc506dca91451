// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/cache_line.hpp>

#include <gtest/gtest.h>

#include <bit>

namespace {

static_assert(std::has_single_bit(tenon::cache_line), "it is used as an alignment");

TEST(cache_line, keeps_two_variables_apart) {
  struct pair {
    alignas(tenon::cache_line) int first;
    alignas(tenon::cache_line) int second;
  };
  EXPECT_EQ(offsetof(pair, second), tenon::cache_line);
}

}  // namespace
