// SPDX-License-Identifier: BSL-1.0
#if __has_include(<hwloc.h>)
#include <tenon/topology/hwloc.hpp>
#include <tenon/topology/victim_order.hpp>

#include <cstdlib>
#include <string>
#include <vector>

#include "../laws/topology.hpp"

namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(hwloc, topology_laws, tenon::hwloc);

static_assert(tenon::hwloc::word == tenon::fixed_string("hwloc"));
static_assert(tenon::hwloc::pins);

/// The places of a machine that hwloc makes up from its own words.
template <class Usable>
std::vector<tenon::place> synthetic(const char* words, Usable usable) {
  const tenon::detail::hwloc_handle topology;
  EXPECT_TRUE(topology);
  EXPECT_EQ(hwloc_topology_set_synthetic(topology.get(), words), 0) << words;
  EXPECT_EQ(hwloc_topology_load(topology.get()), 0) << words;
  return tenon::detail::hwloc_places(topology.get(), usable);
}

constexpr auto every = [](int) { return true; };

TEST(hwloc, reads_nodes_clusters_and_cores) {
  const auto places = synthetic("node:2 l3:2 core:4 pu:1", every);
  ASSERT_EQ(places.size(), 16U);
  for (int i = 0; i < 16; ++i) {
    const tenon::place expected{.processor = i, .core = i, .node = i / 8, .cluster = i / 4};
    EXPECT_EQ(places[static_cast<std::size_t>(i)], expected) << i;
  }
}

TEST(hwloc, every_core_comes_before_any_second_hardware_thread) {
  const auto places = synthetic("node:2 l3:1 core:2 pu:2", every);
  ASSERT_EQ(places.size(), 8U);
  const std::vector<int> processors{0, 2, 4, 6, 1, 3, 5, 7};
  const std::vector<int> cores{0, 1, 2, 3, 0, 1, 2, 3};
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(places[i].processor, processors[i]) << i;
    EXPECT_EQ(places[i].core, cores[i]) << i;
  }
}

TEST(hwloc, leaves_out_what_may_not_be_used) {
  const auto places = synthetic("node:1 core:4 pu:2", [](int processor) { return processor % 4 != 0; });
  ASSERT_EQ(places.size(), 6U);
  const std::vector<int> processors{1, 2, 5, 6, 3, 7};  // of cores 0 and 2 the second hardware thread is the first left
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(places[i].processor, processors[i]) << i;
}

TEST(hwloc, without_a_third_level_of_cache_a_package_is_a_cluster) {
  const auto places = synthetic("package:2 core:2 pu:1", every);
  ASSERT_EQ(places.size(), 4U);
  EXPECT_EQ(places[1].cluster, 0);
  EXPECT_EQ(places[2].cluster, 1);
}

TEST(hwloc, its_places_give_an_order_of_victims) {
  tenon::machine here;
  here.places = synthetic("node:2 l3:2 core:4 pu:1", every);
  const tenon::victim_order order(here, 9, 16);
  EXPECT_EQ(order.cluster().size(), 3U);
  EXPECT_EQ(order.node().size(), 4U);
  EXPECT_EQ(order.far().size(), 8U);
}

TEST(hwloc, knows_as_many_places_here_as_flat_does) {
  const tenon::machine here = tenon::hwloc::read();
  const tenon::machine counted = tenon::flat::read();
  EXPECT_EQ(here.places.size(), counted.places.size());
  EXPECT_EQ(here.concurrency, counted.concurrency);
}

/// Makes hwloc read from its environment, for as long as it lives.
struct environment {
  environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  ~environment() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(hwloc, falls_back_to_flat_with_a_note_when_it_knows_none_of_our_processors) {
  const environment elsewhere("HWLOC_SYNTHETIC", "core:2 pu:1(indexes=8000,8001)");
  const tenon::machine here = tenon::hwloc::read();
  EXPECT_EQ(here.places, tenon::flat::read().places);
  EXPECT_EQ(here.note, "hwloc knows no processor that this thread may run on: the places are those of flat");
}

TEST(hwloc, falls_back_to_flat_with_a_note_when_it_cannot_load) {
  const environment broken("HWLOC_COMPONENTS", "-linux,-x86,-no_os,-synthetic,-xml,stop");
  const tenon::machine here = tenon::hwloc::read();
  EXPECT_EQ(here.places, tenon::flat::read().places);
  EXPECT_EQ(here.note, "hwloc could not read the topology of this machine: the places are those of flat");
}

}  // namespace

#endif
