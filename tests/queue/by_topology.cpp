// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/by_topology.hpp>

#include <gtest/gtest.h>

#include <string_view>
#include <type_traits>

#include "../laws/queue.hpp"

namespace {

static_assert(tenon::queue_policy<tenon::by_topology>);

using sizes = testing::Types<tenon::by_topology>;
INSTANTIATE_TYPED_TEST_SUITE_P(by_topology, queue_laws, sizes);

TEST(by_topology, is_spelled_so) { EXPECT_EQ(std::string_view{tenon::by_topology::word}, "by_topology"); }

template <bool ManyProducers, bool ManyConsumers>
using chosen = tenon::by_topology::choose<ManyProducers, ManyConsumers, 32>;

TEST(by_topology, chooses_the_cheapest_ring_that_is_right) {
  EXPECT_TRUE((std::is_same_v<chosen<false, false>, tenon::spsc<32>>));
  EXPECT_TRUE((std::is_same_v<chosen<true, false>, tenon::mpsc<32>>));
  EXPECT_TRUE((std::is_same_v<chosen<false, true>, tenon::mpmc<32>>));
  EXPECT_TRUE((std::is_same_v<chosen<true, true>, tenon::mpmc<32>>));
}

TEST(by_topology, never_chooses_a_ring_that_allows_fewer_ends) {
  EXPECT_TRUE((chosen<true, false>::many_producers));
  EXPECT_TRUE((chosen<false, true>::many_consumers));
  EXPECT_TRUE((chosen<true, true>::many_producers && chosen<true, true>::many_consumers));
}

}  // namespace
