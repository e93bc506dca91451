// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/flat.hpp>

#include "../laws/topology.hpp"

namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(flat, topology_laws, tenon::flat);

static_assert(tenon::flat::word == tenon::fixed_string("flat"));
static_assert(!tenon::flat::pins);

TEST(flat, has_a_place_for_each_processor_of_the_affinity_mask) {
  const tenon::machine here = tenon::flat::read();
  const std::vector<int> allowed = tenon::detail::allowed_processors();
  ASSERT_EQ(here.places.size(), allowed.size());
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    EXPECT_EQ(here.places[i].processor, allowed[i]);
    EXPECT_EQ(here.places[i].node, 0);
    EXPECT_EQ(here.places[i].cluster, 0);
  }
  EXPECT_TRUE(here.note.empty());
}

TEST(flat, concurrency_is_the_lesser_of_places_and_quota) {
  EXPECT_EQ(tenon::detail::concurrency_of(8, 0), 8U);
  EXPECT_EQ(tenon::detail::concurrency_of(8, 3), 3U);
  EXPECT_EQ(tenon::detail::concurrency_of(8, 8), 8U);
  EXPECT_EQ(tenon::detail::concurrency_of(8, 100), 8U);
  EXPECT_EQ(tenon::detail::concurrency_of(1, 1), 1U);
}

}  // namespace
