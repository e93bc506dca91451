// SPDX-License-Identifier: BSL-1.0

#include <tenon/parallel/parallel_scan.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pool.hpp"

namespace {

TEST(parallel_scan, equals_the_serial_one) {
  on_any_number_of_workers([] {
    for (const std::size_t count : {0U, 1U, 2U, 63U, 65U, 1'000U, 300'321U}) {
      std::vector<long> numbers(count), expected(count), got(count);
      std::iota(numbers.begin(), numbers.end(), 7);
      const long all = std::accumulate(numbers.begin(), numbers.end(), 5L);
      std::inclusive_scan(numbers.begin(), numbers.end(), expected.begin(), std::plus<>(), 5L);
      EXPECT_EQ(tenon::parallel_scan(numbers, got.begin(), 5L), all);
      EXPECT_EQ(got, expected);
      std::exclusive_scan(numbers.begin(), numbers.end(), expected.begin(), 5L);
      EXPECT_EQ(tenon::parallel_scan(numbers, got.begin(), 5L, tenon::exclusive), all);
      EXPECT_EQ(got, expected);
      EXPECT_EQ(tenon::parallel_scan(numbers, numbers.begin(), 5L, std::plus<>(), tenon::exclusive, tenon::grain{8}),
                all);
      EXPECT_EQ(numbers, expected);
    }
  });
}

TEST(parallel_scan, is_lent_a_hand) {
  on_any_number_of_workers([] {
    std::vector<double> got(300);
    const auto slow = [](int i) {
      volatile double x = i;
      for (int k = 0; k < 10'000; ++k) x = x + 1;
      return x - i;
    };
    EXPECT_EQ(tenon::parallel_scan(0, 300, got.begin(), 0.0, std::plus<>(), slow), 3'000'000.0);
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], 10'000.0 * static_cast<double>(i + 1));
  });
}

/// A worker that is asked all the time, by others who take nothing.
constexpr tenon::detail::branch_hooks hungry{[](void*) noexcept { return true; }, [](void*) noexcept {},
                                             [](void*, std::int32_t) noexcept { return std::int32_t{1}; },
                                             [](void*, unsigned) noexcept {}};

TEST(parallel_scan, shares_no_more_than_one_that_nobody_takes) {
  tenon::detail::fork_stack own;
  own.belong_to(&own, hungry);
  tenon::detail::fork_stack* const before = std::exchange(tenon::detail::here().forks, &own);
  std::vector<int> ones(50, 1);
  EXPECT_EQ(tenon::parallel_scan(ones, ones.begin(), 0), 50);
  EXPECT_EQ(ones.front(), 1);
  EXPECT_EQ(ones.back(), 50);
  tenon::detail::here().forks = before;
}

TEST(parallel_scan, keeps_the_order_of_an_operation_that_does_not_commute) {
  on_any_number_of_workers([] {
    std::vector<std::string> got(500);
    std::string expected = ">";
    const auto letter = [](int i) { return std::string(1, static_cast<char>('a' + i % 26)); };
    (void)tenon::parallel_scan(0, 500, got.begin(), expected, std::plus<>(), letter);
    for (int i = 0; i < 500; ++i) {
      expected += letter(i);
      ASSERT_EQ(got[static_cast<std::size_t>(i)], expected);
    }
  });
}

#if defined(__cpp_exceptions)
TEST(parallel_scan, throws_what_map_throws_and_leaves_nobody_waiting) {
  on_any_number_of_workers([] {
    std::vector<int> got(100'000);
    const auto map = [](int i) { return i == 77'777 ? throw std::out_of_range("seven") : 1; };
    EXPECT_THROW((void)tenon::parallel_scan(0, 100'000, got.begin(), 0, std::plus<>(), map), std::out_of_range);
    EXPECT_EQ(got[77'000 / 2], 77'000 / 2 + 1);
  });
}
#endif

}  // namespace
