// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/machine.hpp>

#include <gtest/gtest.h>

namespace {

TEST(machine, one_that_nobody_filled_in_has_one_place_and_one_worker) {
  const tenon::machine here;
  EXPECT_EQ(here.places.size(), 1U);
  EXPECT_EQ(here.concurrency, 1U);
  EXPECT_TRUE(here.note.empty());
  EXPECT_EQ(here, tenon::machine{});
}

TEST(machine, places_go_round_among_more_workers_than_places) {
  tenon::machine here;
  here.places = {{.processor = 4}, {.processor = 6}, {.processor = 9}};
  EXPECT_EQ(here.place_of(0).processor, 4);
  EXPECT_EQ(here.place_of(2).processor, 9);
  EXPECT_EQ(here.place_of(3).processor, 4);
  EXPECT_EQ(here.place_of(3'000'002).processor, 9);
  EXPECT_NE(here, tenon::machine{});
}

}  // namespace
