// SPDX-License-Identifier: BSL-1.0

#include <tenon/parallel/grain.hpp>
#include <tenon/parallel/parallel_for.hpp>

#include <gtest/gtest.h>

namespace {

TEST(grain, is_the_length_of_the_first_piece) {
  int first = 0;
  tenon::parallel_for(0, 100, [&](int from, int until) { first = first == 0 ? until - from : first; }, tenon::grain{7});
  EXPECT_EQ(first, 7);
}

TEST(grain, of_zero_counts_as_one) {
  int calls = 0;
  tenon::parallel_for(0, 3, [&](int) { ++calls; }, tenon::grain{0});
  EXPECT_EQ(calls, 3);
}

}  // namespace
