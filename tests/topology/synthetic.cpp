// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/synthetic.hpp>
#include <tenon/topology/victim_order.hpp>

#include <cstddef>
#include <set>
#include <span>
#include <vector>

#include "../laws/topology.hpp"

using two_nodes = tenon::synthetic<"node:2 core:8">;

template <tenon::fixed_string Levels>
inline constexpr bool tenon::laws::tells_of_this_machine<tenon::synthetic<Levels>> = false;

namespace {

using models =
    testing::Types<two_nodes, tenon::synthetic<"package:2 node:2 l3:2 core:4 pu:2">, tenon::synthetic<"pu:3">>;
INSTANTIATE_TYPED_TEST_SUITE_P(synthetic, topology_laws, models);

static_assert(two_nodes::word == tenon::fixed_string("synthetic<\"node:2 core:8\">"));
static_assert(!two_nodes::pins);
static_assert(two_nodes::knows_nodes);

// The decisions are there when the program is compiled.
static_assert(two_nodes::size == 16);
static_assert(two_nodes::at(0) == tenon::place{.processor = 0, .core = 0, .node = 0, .cluster = 0});
static_assert(two_nodes::at(7).node == 0 && two_nodes::at(8).node == 1);
static_assert(two_nodes::at(15) == tenon::place{.processor = 15, .core = 15, .node = 1, .cluster = 1});

TEST(synthetic, two_nodes_of_eight_cores_are_sixteen_places_and_workers) {
  const tenon::machine here = two_nodes::read();
  ASSERT_EQ(here.places.size(), 16U);
  EXPECT_EQ(here.concurrency, 16U);
  EXPECT_TRUE(here.note.empty());
  for (int i = 0; i < 16; ++i) {
    const tenon::place expected{.processor = i, .core = i, .node = i / 8, .cluster = i / 8};
    EXPECT_EQ(here.places[static_cast<std::size_t>(i)], expected) << i;
  }
  EXPECT_EQ(here.place_of(25).core, 9) << "more workers than places go round";
}

TEST(synthetic, every_core_comes_before_any_second_hardware_thread) {
  const auto places = tenon::synthetic<"node:2 l3:1 core:2 pu:2">::read().places;
  ASSERT_EQ(places.size(), 8U);
  const std::vector<int> processors{0, 2, 4, 6, 1, 3, 5, 7};
  const std::vector<int> cores{0, 1, 2, 3, 0, 1, 2, 3};
  const std::vector<int> nodes{0, 0, 1, 1, 0, 0, 1, 1};
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(places[i].processor, processors[i]) << i;
    EXPECT_EQ(places[i].core, cores[i]) << i;
    EXPECT_EQ(places[i].node, nodes[i]) << i;
    EXPECT_EQ(places[i].cluster, nodes[i]) << i;
  }
}

TEST(synthetic, a_cluster_is_an_l3_or_else_a_package_or_else_a_node) {
  const auto clusters = [](const tenon::machine& of) {
    std::set<int> seen;
    for (const tenon::place& each : of.places) seen.insert(each.cluster);
    return seen.size();
  };
  EXPECT_EQ(clusters(tenon::synthetic<"package:2 node:1 l3:4 core:2">::read()), 8U);
  EXPECT_EQ(clusters(tenon::synthetic<"package:3 node:2 core:2">::read()), 3U);
  EXPECT_EQ(clusters(tenon::synthetic<"node:2 core:2">::read()), 2U);
  EXPECT_EQ(clusters(tenon::synthetic<"core:5">::read()), 1U);
}

TEST(synthetic, levels_left_out_count_one_and_blanks_do_not_count) {
  EXPECT_EQ(tenon::synthetic<"core:4">::read().places, tenon::synthetic<"node:1 core:4 pu:1">::read().places);
  EXPECT_EQ(tenon::synthetic<"  node:2   core:3 ">::read(), tenon::synthetic<"node:2 core:3">::read());
  EXPECT_EQ(tenon::synthetic<"node:2">::size, 2U);
  EXPECT_EQ(tenon::synthetic<"node:2 pu:2">::at(3), (tenon::place{.processor = 3, .core = 1, .node = 1, .cluster = 1}))
      << "a core of two hardware threads a node";
}

TEST(synthetic, victims_are_of_the_own_node_first) {
  using list = std::vector<std::size_t>;
  const auto of = [](std::span<const std::size_t> some) { return list(some.begin(), some.end()); };
  const tenon::machine here = two_nodes::read();
  const tenon::victim_order second(here, 1, 16);
  EXPECT_EQ(of(second.cluster()), (list{2, 3, 4, 5, 6, 7, 0}));
  EXPECT_EQ(of(second.far()), (list{8, 9, 10, 11, 12, 13, 14, 15}));
  const tenon::victim_order tenth(here, 9, 16);
  EXPECT_EQ(of(tenth.cluster()), (list{10, 11, 12, 13, 14, 15, 8}));
  EXPECT_EQ(of(tenth.far()), (list{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(synthetic, what_is_no_machine_is_known_for_what_it_is) {
  using tenon::detail::levels;
  static_assert(levels::of("node:2 core:8").what == levels::nothing);
  EXPECT_EQ(levels::of("").what, levels::no_level);
  EXPECT_EQ(levels::of("   ").what, levels::no_level);
  EXPECT_EQ(levels::of("nodes:2").what, levels::unknown);
  EXPECT_EQ(levels::of("2").what, levels::unknown);
  EXPECT_EQ(levels::of("node").what, levels::no_count);
  EXPECT_EQ(levels::of("node:").what, levels::no_count);
  EXPECT_EQ(levels::of("node:0").what, levels::no_count);
  EXPECT_EQ(levels::of("node:-1").what, levels::no_count);
  EXPECT_EQ(levels::of("node:2x").what, levels::no_count);
  EXPECT_EQ(levels::of("node:2 node:2").what, levels::twice);
  EXPECT_EQ(levels::of("core:2 node:2").what, levels::inside_out);
  EXPECT_EQ(levels::of("pu:2 core:2").what, levels::inside_out);
  EXPECT_EQ(levels::of("l3:2 node:2 package:2 core:2").what, levels::nothing) << "these stand as they like";
  EXPECT_EQ(levels::of("node:64 core:64").what, levels::nothing);
  EXPECT_EQ(levels::of("node:64 core:65").what, levels::too_many);
  EXPECT_EQ(levels::of("core:18446744073709551615").what, levels::too_many);
  EXPECT_EQ(levels::of("core:18446744073709551616").what, levels::no_count);
}

}  // namespace
