// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/boost_spsc.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string_view>

#include "../laws/queue.hpp"

namespace {

using sizes = testing::Types<tenon::boost_spsc<1>, tenon::boost_spsc<3>, tenon::boost_spsc<1024>>;
INSTANTIATE_TYPED_TEST_SUITE_P(boost_spsc, queue_laws, sizes);

static_assert(tenon::queue_policy<tenon::boost_spsc<>>);

TEST(boost_spsc, is_spelled_with_its_size) {
  EXPECT_EQ(std::string_view{tenon::boost_spsc<64>::word}, "boost_spsc<64>");
}

TEST(boost_spsc, holds_what_is_copied_in_peace) {
  EXPECT_TRUE((tenon::queue_holds<tenon::boost_spsc<>, std::shared_ptr<int>>));
  EXPECT_FALSE((tenon::queue_holds<tenon::boost_spsc<>, std::unique_ptr<int>>));
}

TEST(boost_spsc, destroys_what_was_not_popped) {
  const auto watched = std::make_shared<int>(3);
  {
    tenon::boost_spsc<8>::of<std::shared_ptr<int>> queue;
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(queue.try_push(std::shared_ptr<int>(watched)));
    const std::optional<std::shared_ptr<int>> one = queue.try_pop();
    ASSERT_TRUE(one.has_value());
    EXPECT_EQ(watched.use_count(), 1 + 4 + 1);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(boost_spsc, is_a_plain_ring_on_one_thread) {
  EXPECT_LE(sizeof(tenon::boost_spsc<64>::of<void*, tenon::single_thread>), (64 + 2) * sizeof(void*));
}

}  // namespace
