// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/mpmc.hpp>

#include <gtest/gtest.h>

#include <string_view>

#include "../laws/queue.hpp"

namespace {

using sizes = testing::Types<tenon::mpmc<2>, tenon::mpmc<4>, tenon::mpmc<1024>>;
INSTANTIATE_TYPED_TEST_SUITE_P(mpmc, queue_laws, sizes);

static_assert(tenon::queue_policy<tenon::mpmc<>>);
static_assert(tenon::batched_queue_for<tenon::mpmc<>::of<int>, int>);

TEST(mpmc, is_spelled_with_its_size) { EXPECT_EQ(std::string_view{tenon::mpmc<64>::word}, "mpmc<64>"); }

TEST(mpmc, is_a_plain_ring_on_one_thread) {
  EXPECT_LE(sizeof(tenon::mpmc<64>::of<void*, tenon::single_thread>), (64 + 2) * sizeof(void*));
}

}  // namespace
