// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/topology/concept.hpp>
#include <tenon/topology/detail/affinity.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <set>
#include <thread>
#include <vector>

// The laws of the topology family. To test a policy of your own:
//
//     INSTANTIATE_TYPED_TEST_SUITE_P(mine, topology_laws, my_topology);

namespace tenon::laws {

/// Whether the places of a policy are of this machine. Specialise it for one that makes its machine up.
template <class P>
inline constexpr bool tells_of_this_machine = true;

}  // namespace tenon::laws

template <class P>
class topology_laws : public testing::Test {
  static_assert(tenon::topology_policy<P>);

 protected:
  /// Runs `body` on a thread of its own, whose affinity dies with it.
  template <class Body>
  static void on_a_thread(Body body) {
    std::thread(body).join();
  }
};
TYPED_TEST_SUITE_P(topology_laws);

TYPED_TEST_P(topology_laws, there_is_always_a_place_and_a_worker) {
  const tenon::machine here = TypeParam::read();
  ASSERT_FALSE(here.places.empty());
  EXPECT_GE(here.concurrency, 1U);
  EXPECT_LE(here.concurrency, here.places.size());
}

TYPED_TEST_P(topology_laws, places_are_distinct_processors_that_this_thread_may_use) {
  const tenon::machine here = TypeParam::read();
  const std::vector<int> allowed = tenon::detail::allowed_processors();
  const std::set<int> may(allowed.begin(), allowed.end());
  std::set<int> seen;
  for (const tenon::place& each : here.places) {
    EXPECT_TRUE(seen.insert(each.processor).second) << each.processor;
    EXPECT_TRUE(!tenon::laws::tells_of_this_machine<TypeParam> || may.contains(each.processor)) << each.processor;
    EXPECT_GE(each.core, 0);
    EXPECT_GE(each.node, 0);
    EXPECT_GE(each.cluster, 0);
  }
}

TYPED_TEST_P(topology_laws, reading_twice_gives_the_same) { EXPECT_EQ(TypeParam::read(), TypeParam::read()); }

TYPED_TEST_P(topology_laws, a_thread_that_may_use_less_is_given_less) {
  const tenon::machine whole = TypeParam::read();
  const std::vector<int> before = tenon::detail::allowed_processors();
  this->on_a_thread([&] {
    tenon::detail::affinity_mask one;
    ASSERT_TRUE(one.add(before.back()));
    ASSERT_TRUE(one.apply());
    const tenon::machine here = TypeParam::read();
    if (!tenon::laws::tells_of_this_machine<TypeParam>) {
      EXPECT_EQ(here, whole) << "it is made up";
      return;
    }
    ASSERT_EQ(here.places.size(), 1U);
    EXPECT_EQ(here.places.front().processor, before.back());
    EXPECT_EQ(here.concurrency, 1U);
  });
}

TYPED_TEST_P(topology_laws, a_pinned_thread_stays_on_its_place_and_another_does_not) {
  const tenon::machine here = TypeParam::read();
  const std::vector<int> before = tenon::detail::allowed_processors();
  for (std::size_t worker = 0; worker < here.places.size() + 2; ++worker) {
    this->on_a_thread([&] {
      const auto pinned = TypeParam::pin(here, worker);
      ASSERT_TRUE(pinned) << pinned.error().message();
      const std::vector<int> now = tenon::detail::allowed_processors();
      if (TypeParam::pins) {
        EXPECT_EQ(now, std::vector<int>{here.place_of(worker).processor});
      } else {
        EXPECT_EQ(now, before);
      }
      ASSERT_TRUE(TypeParam::unpin(here));
      EXPECT_EQ(tenon::detail::allowed_processors(), before) << "unpin gives all places back";
    });
  }
  EXPECT_EQ(tenon::detail::allowed_processors(), before) << "pin is of the calling thread alone";
}

TYPED_TEST_P(topology_laws, a_place_that_does_not_exist_moves_nobody) {
  const std::vector<int> before = tenon::detail::allowed_processors();
  for (const int processor : {8191, 1'000'000, -1}) {
    tenon::machine elsewhere;
    elsewhere.places = {tenon::place{.processor = processor}};
    EXPECT_EQ(TypeParam::pin(elsewhere, 0).has_value(), !TypeParam::pins) << processor;
    EXPECT_EQ(TypeParam::unpin(elsewhere).has_value(), !TypeParam::pins) << processor;
    EXPECT_EQ(tenon::detail::allowed_processors(), before);
  }
  tenon::machine nowhere;
  nowhere.places.clear();
  EXPECT_EQ(TypeParam::pin(nowhere, 0).has_value(), !TypeParam::pins);
  EXPECT_EQ(TypeParam::unpin(nowhere).has_value(), !TypeParam::pins);
}

TYPED_TEST_P(topology_laws, any_worker_number_has_a_place) {
  const tenon::machine here = TypeParam::read();
  this->on_a_thread([&] { EXPECT_TRUE(TypeParam::pin(here, std::numeric_limits<std::size_t>::max())); });
}

REGISTER_TYPED_TEST_SUITE_P(topology_laws, there_is_always_a_place_and_a_worker,
                            places_are_distinct_processors_that_this_thread_may_use, reading_twice_gives_the_same,
                            a_thread_that_may_use_less_is_given_less,
                            a_pinned_thread_stays_on_its_place_and_another_does_not,
                            a_place_that_does_not_exist_moves_nobody, any_worker_number_has_a_place);
