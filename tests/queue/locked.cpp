// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/locked.hpp>

#include <gtest/gtest.h>

#include <string_view>

#include "../laws/queue.hpp"

namespace {

using sizes = testing::Types<tenon::locked<1>, tenon::locked<3>, tenon::locked<1000>>;
INSTANTIATE_TYPED_TEST_SUITE_P(locked, queue_laws, sizes);

static_assert(tenon::queue_policy<tenon::locked<>>);
static_assert(tenon::batched_queue_for<tenon::locked<>::of<int>, int>);
static_assert(sizeof(tenon::locked<4>::of<int, tenon::single_thread>) == sizeof(tenon::detail::ring<int, 4>));

TEST(locked, is_spelled_with_its_size) { EXPECT_EQ(std::string_view{tenon::locked<64>::word}, "locked<64>"); }

TEST(locked, takes_any_number_of_slots) { EXPECT_EQ(tenon::locked<7>::of<int>::capacity, 7U); }

TEST(locked, has_no_mutex_on_one_thread) {
  EXPECT_LE(sizeof(tenon::locked<64>::of<void*, tenon::single_thread>), (64 + 2) * sizeof(void*));
}

}  // namespace
