// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/spsc.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

#include "../laws/queue.hpp"

namespace {

using sizes = testing::Types<tenon::spsc<1>, tenon::spsc<2>, tenon::spsc<1024>>;
INSTANTIATE_TYPED_TEST_SUITE_P(spsc, queue_laws, sizes);

static_assert(tenon::queue_policy<tenon::spsc<>>);
static_assert(tenon::batched_queue_for<tenon::spsc<>::of<int>, int>);
static_assert(sizeof(tenon::spsc<8>::of<void*>) == 4 * tenon::cache_line);

TEST(spsc, is_spelled_with_its_size) { EXPECT_EQ(std::string_view{tenon::spsc<64>::word}, "spsc<64>"); }

TEST(spsc, is_its_slots_with_their_flags_and_a_line_for_each_side) {
  EXPECT_EQ(sizeof(tenon::spsc<64>::of<void*>), 2 * tenon::cache_line + 64 * 2 * sizeof(void*));
}

TEST(spsc, is_a_plain_ring_on_one_thread) {
  EXPECT_LE(sizeof(tenon::spsc<64>::of<void*, tenon::single_thread>), (64 + 2) * sizeof(void*));
}

TEST(spsc, says_room_and_items_truly_to_its_own_side) {
  tenon::spsc<2>::of<int> queue;  // the cached indices are behind here, and must be looked up again
  ASSERT_TRUE(queue.try_push(1));
  ASSERT_TRUE(queue.try_push(2));
  ASSERT_FALSE(queue.try_push(3));
  ASSERT_EQ(queue.try_pop(), 1);
  ASSERT_TRUE(queue.try_push(3));
  ASSERT_EQ(queue.try_pop(), 2);
  ASSERT_EQ(queue.try_pop(), 3);
  ASSERT_EQ(queue.try_pop(), std::nullopt);
}

}  // namespace
