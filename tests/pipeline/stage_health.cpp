// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage_health.hpp>

#include <gtest/gtest.h>

#include <type_traits>

namespace {

TEST(stage_health, begins_with_nobody_there) {
  const tenon::stage_health<3> seen;
  EXPECT_EQ(seen.size, 0U);
  EXPECT_EQ(seen.max, 3U);
  ASSERT_EQ(seen.workers.size(), 3U);
  for (const auto& each : seen.workers) EXPECT_EQ(each.state, tenon::worker_state::absent);
  static_assert(std::is_trivially_copyable_v<tenon::stage_health<3>>);  // it may be sent wherever health is shown
}

}  // namespace
