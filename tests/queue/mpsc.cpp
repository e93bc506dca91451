// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/mpsc.hpp>

#include <gtest/gtest.h>

#include <string_view>

#include "../laws/queue.hpp"

namespace {

using sizes = testing::Types<tenon::mpsc<2>, tenon::mpsc<4>, tenon::mpsc<1024>>;
INSTANTIATE_TYPED_TEST_SUITE_P(mpsc, queue_laws, sizes);

static_assert(tenon::queue_policy<tenon::mpsc<>>);
static_assert(tenon::batched_queue_for<tenon::mpsc<>::of<int>, int>);

TEST(mpsc, is_spelled_with_its_size) { EXPECT_EQ(std::string_view{tenon::mpsc<64>::word}, "mpsc<64>"); }

TEST(mpsc, is_a_plain_ring_on_one_thread) {
  EXPECT_LE(sizeof(tenon::mpsc<64>::of<void*, tenon::single_thread>), (64 + 2) * sizeof(void*));
}

}  // namespace
