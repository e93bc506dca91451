// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/victim_order.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <span>
#include <vector>

namespace {

using list = std::vector<std::size_t>;

list of(std::span<const std::size_t> workers) { return {workers.begin(), workers.end()}; }

/// 2 nodes of 8 cores; each node has 2 clusters of 4 cores; `threads` hardware threads a core, first ones first.
tenon::machine two_nodes_of_eight(int threads) {
  tenon::machine here;
  here.places.clear();
  for (int thread = 0; thread < threads; ++thread) {
    for (int core = 0; core < 16; ++core) {
      here.places.push_back({.processor = thread * 16 + core, .core = core, .node = core / 8, .cluster = core / 4});
    }
  }
  here.concurrency = here.places.size();
  return here;
}

TEST(victim_order, own_cluster_then_own_node_then_the_other_each_from_behind_oneself) {
  const tenon::machine here = two_nodes_of_eight(1);
  const tenon::victim_order first(here, 0, 16);
  EXPECT_EQ(of(first.cluster()), (list{1, 2, 3}));
  EXPECT_EQ(of(first.node()), (list{4, 5, 6, 7}));
  EXPECT_EQ(of(first.far()), (list{8, 9, 10, 11, 12, 13, 14, 15}));

  const tenon::victim_order sixth(here, 6, 16);
  EXPECT_EQ(of(sixth.cluster()), (list{7, 4, 5}));
  EXPECT_EQ(of(sixth.node()), (list{0, 1, 2, 3}));
  EXPECT_EQ(of(sixth.far()), (list{8, 9, 10, 11, 12, 13, 14, 15}));

  const tenon::victim_order last(here, 15, 16);
  EXPECT_EQ(of(last.all()), (list{12, 13, 14, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(victim_order, the_other_hardware_thread_of_the_core_comes_first) {
  const tenon::victim_order order(two_nodes_of_eight(2), 5, 32);
  EXPECT_EQ(of(order.cluster()), (list{21, 6, 7, 20, 22, 23, 4}));
  EXPECT_EQ(order.node().size(), 8U);
  EXPECT_EQ(order.far().size(), 16U);
}

TEST(victim_order, fewer_workers_than_places) {
  const tenon::victim_order order(two_nodes_of_eight(1), 1, 5);
  EXPECT_EQ(of(order.cluster()), (list{2, 3, 0}));
  EXPECT_EQ(of(order.node()), (list{4}));
  EXPECT_TRUE(order.far().empty());
}

TEST(victim_order, more_workers_than_places_share_a_core) {
  const tenon::victim_order order(two_nodes_of_eight(1), 2, 20);
  EXPECT_EQ(order.all().front(), 18U) << "worker 18 goes round to the place of worker 2";
  EXPECT_EQ(order.all().size(), 19U);
}

TEST(victim_order, a_lone_worker_has_nobody) {
  EXPECT_TRUE(tenon::victim_order(two_nodes_of_eight(1), 0, 1).all().empty());
}

TEST(victim_order, each_other_worker_is_there_once_and_starts_are_spread) {
  for (const std::size_t workers : {std::size_t{2}, std::size_t{3}, std::size_t{16}, std::size_t{33}}) {
    std::set<std::size_t> first_choices;
    for (std::size_t worker = 0; worker < workers; ++worker) {
      const tenon::victim_order order(two_nodes_of_eight(2), worker, workers);
      const std::set<std::size_t> seen(order.all().begin(), order.all().end());
      EXPECT_EQ(seen.size(), workers - 1);
      EXPECT_EQ(order.all().size(), workers - 1);
      EXPECT_FALSE(seen.contains(worker));
      EXPECT_LT(*seen.rbegin(), workers);
      EXPECT_EQ(order.cluster().size() + order.node().size() + order.far().size(), workers - 1);
      first_choices.insert(order.all().front());
    }
    EXPECT_TRUE(workers != 16 || first_choices.size() == workers) << "thieves do not all begin with one victim";
  }
}

}  // namespace
