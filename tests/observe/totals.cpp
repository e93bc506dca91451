// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/totals.hpp>

#include <gtest/gtest.h>

#include <type_traits>

namespace {

static_assert(std::is_aggregate_v<tenon::totals> && std::is_trivially_copyable_v<tenon::totals>);

constexpr tenon::totals one{.tasks_spawned = 1,
                            .tasks_run = 2,
                            .tasks_stolen = 3,
                            .items_dropped = 4,
                            .bytes_received = 5,
                            .bytes_sent = 6,
                            .parks = 7,
                            .wakes = 8};

TEST(totals, adding_adds_every_number) {
  const tenon::totals expected{.tasks_spawned = 2,
                               .tasks_run = 4,
                               .tasks_stolen = 6,
                               .items_dropped = 8,
                               .bytes_received = 10,
                               .bytes_sent = 12,
                               .parks = 14,
                               .wakes = 16};
  EXPECT_EQ(one + one, expected);
  tenon::totals sum;
  sum += one;
  EXPECT_EQ(sum, one);
  sum += one;
  EXPECT_EQ(sum, expected);
  static_assert(sizeof(tenon::totals) == 8 * sizeof(std::uint64_t), "a new number belongs into operator+= and here");
}

}  // namespace
