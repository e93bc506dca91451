// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <type_traits>

namespace {

struct tenant {
  unsigned id = 0;
};
struct label {
  const char* text = "";
};

using one = tenon::context<tenant>;
using two = tenon::context<label, tenant>;

static_assert(tenon::context_policy<one> && tenon::context_policy<two>);
static_assert(!tenon::context_policy<tenant>);
static_assert(one::carries && !tenon::context<>::carries);
static_assert(two::has_slot<label> && !one::has_slot<label>);

// `auto all = co_await this_task::context();` would cut its slots off.
static_assert(!std::is_copy_constructible_v<tenon::any_context> && !std::is_copy_assignable_v<tenon::any_context>);
static_assert(std::is_copy_constructible_v<two::values> && std::is_copy_assignable_v<two::values>);

TEST(context, begins_with_defaults) {
  const two::values nothing;
  EXPECT_EQ(nothing.get<tenant>().id, 0U);
  EXPECT_STREQ(nothing.get<label>().text, "");
  EXPECT_EQ(nothing.level(), tenon::level{});
}

TEST(context, is_read_without_knowing_who_made_it) {
  two::values mine;
  mine.set(tenant{7});
  mine.set(tenon::level{2});
  const tenon::any_context& any = mine;
  EXPECT_EQ(any.get<tenant>().id, 7U);
  EXPECT_STREQ(any.get<label>().text, "");
  EXPECT_EQ(any.get<int>(), 0) << "a slot that nobody named";
  EXPECT_EQ(any.level(), tenon::level{2});
  EXPECT_EQ(tenon::any_context().get<tenant>().id, 0U);
}

TEST(context, takes_from_another_what_it_names_itself) {
  two::values rich;
  rich.set(tenant{7});
  rich.set(label{"a"});
  rich.set(tenon::level{1});
  const one::values poor(&rich);
  EXPECT_EQ(poor.get<tenant>().id, 7U);
  EXPECT_STREQ(poor.get<label>().text, "");
  EXPECT_EQ(poor.level(), tenon::level{1});
  const two::values back(&poor);
  EXPECT_EQ(back.get<tenant>().id, 7U);
  EXPECT_STREQ(back.get<label>().text, "");
  const one::values nothing(nullptr);
  EXPECT_EQ(nothing.get<tenant>().id, 0U);
}

TEST(context, carries_a_deadline_that_is_never_unless_said) {
  using timed = tenon::context<tenon::deadline_slot>;
  timed::values mine;
  EXPECT_EQ(mine.get<tenon::deadline_slot>().at, tenon::never);
  const tenon::time_point noon = tenon::time_point{} + std::chrono::hours(12);
  mine.set(tenon::deadline_slot{noon});
  EXPECT_EQ(timed::values(&mine).get<tenon::deadline_slot>().at, noon);
}

TEST(context, a_copy_goes_its_own_way) {
  one::values first;
  first.set(tenant{1});
  one::values second = first;
  second.set(tenant{2});
  EXPECT_EQ(first.get<tenant>().id, 1U);
  EXPECT_EQ(second.get<tenant>().id, 2U);
}

TEST(key, names_the_same_worker_each_time_and_uses_them_all) {
  for (const std::size_t workers : {1U, 2U, 3U, 7U, 64U}) {
    std::set<std::size_t> used;
    for (std::uint64_t value = 0; value < 1'000; ++value) {
      const std::size_t worker = tenon::key{value}.among(workers);
      ASSERT_LT(worker, workers);
      ASSERT_EQ(worker, tenon::key{value}.among(workers));
      used.insert(worker);
    }
    EXPECT_EQ(used.size(), workers);
  }
}

}  // namespace
