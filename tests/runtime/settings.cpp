// SPDX-License-Identifier: BSL-1.0
#include "ground.hpp"

#include <tenon/runtime/settings.hpp>

#include <type_traits>

namespace {

template <class S>
concept has_threads = requires(S s) { s.threads; };

static_assert(std::is_aggregate_v<tenon::settings<true>> && has_threads<tenon::settings<true>>);
static_assert(std::is_aggregate_v<tenon::settings<false>> && !has_threads<tenon::settings<false>>);
static_assert(std::is_same_v<tenon::runtime<>::settings, tenon::settings<true>>);
static_assert(std::is_same_v<tenon::runtime<tenon::single_thread>::settings, tenon::settings<false>>);

TEST(settings, default_to_what_the_machine_gives) {
  const tenon::settings<true> how_much;
  EXPECT_EQ(how_much.threads, 0U);
  EXPECT_EQ(how_much.name, "tenon");
  const tenon::runtime<> rt;
  EXPECT_EQ(rt.workers(), tenon::flat::read().concurrency);
  EXPECT_GE(rt.workers(), 1U);
  EXPECT_EQ(rt.name(), "tenon");
}

TEST(settings, are_named_where_they_are_given) {
  const tenon::runtime<> rt{{.threads = 3, .name = "edge"}};
  EXPECT_EQ(rt.workers(), 3U);
  EXPECT_EQ(rt.name(), "edge");
  const tenon::runtime<tenon::single_thread> one{{.name = "one"}};
  EXPECT_EQ(one.workers(), 1U);
  EXPECT_EQ(one.name(), "one");
}

}  // namespace
