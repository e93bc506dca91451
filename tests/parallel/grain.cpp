// SPDX-License-Identifier: BSL-1.0

#include <tenon/parallel/grain.hpp>
#include <tenon/parallel/parallel_for.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <utility>

namespace {

TEST(grain, is_the_length_of_the_first_piece) {
  int first = 0;
  tenon::parallel_for(0, 100, [&](int from, int until) { first = first == 0 ? until - from : first; }, tenon::grain{7});
  EXPECT_EQ(first, 7);
}

TEST(grain, of_zero_counts_as_one) {
  int calls = 0;
  tenon::parallel_for(0, 3, [&](int) { ++calls; }, tenon::grain{0});
  EXPECT_EQ(calls, 3);
}

/// A worker that is asked all the time.
constexpr tenon::detail::branch_hooks hungry{[](void*) noexcept { return true; }, [](void*) noexcept {},
                                             [](void*, std::int32_t) noexcept { return std::int32_t{1}; },
                                             [](void*, unsigned) noexcept {}};

TEST(grain, is_the_least_that_is_handed_to_another_worker) {
  tenon::detail::fork_stack own;
  own.belong_to(&own, hungry);
  tenon::detail::fork_stack* const before = std::exchange(tenon::detail::here().forks, &own);
  tenon::detail::stride pieces(500, 500);
  EXPECT_TRUE(pieces.wanted(1'000));
  EXPECT_FALSE(pieces.wanted(999)) << "one of two parts would be less";
  tenon::detail::here().forks = before;
}

TEST(grain, may_stand_behind_a_body_that_cannot_be_copied) {
  struct counter {
    mutable std::atomic<int> calls{0};
    void operator()(int /*index*/) const { calls.fetch_add(1); }
  } body;
  tenon::parallel_for(0, 10, body, tenon::grain{3});
  EXPECT_EQ(body.calls.load(), 10);
}

}  // namespace
