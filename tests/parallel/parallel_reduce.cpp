// SPDX-License-Identifier: BSL-1.0

#include <tenon/parallel/parallel_reduce.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "pool.hpp"

namespace {

TEST(parallel_reduce, is_the_sum_where_nothing_else_is_said) {
  on_any_number_of_workers([] {
    for (const std::size_t count : {0U, 1U, 2U, 63U, 65U, 1'000U, 54'321U}) {
      std::vector<long> numbers(count);
      std::iota(numbers.begin(), numbers.end(), 7);
      const long expected = std::accumulate(numbers.begin(), numbers.end(), 5L);
      EXPECT_EQ(tenon::parallel_reduce(numbers, 5L), expected);
      EXPECT_EQ(tenon::parallel_reduce(numbers.begin(), numbers.end(), 5L, tenon::deterministic), expected);
      EXPECT_EQ(tenon::parallel_reduce(numbers, 5L, std::plus<>(), tenon::grain{10}), expected);
      EXPECT_EQ(tenon::parallel_reduce(numbers, 5L, tenon::grain{10}, tenon::deterministic), expected);
    }
  });
}

TEST(parallel_reduce, keeps_the_order_of_an_operation_that_does_not_commute) {
  on_any_number_of_workers([] {
    std::string expected = ">";
    for (int i = 0; i < 3'000; ++i) expected += std::to_string(i);
    const auto spelled = [](int i) { return std::to_string(i); };
    EXPECT_EQ(tenon::parallel_reduce(0, 3'000, std::string(">"), std::plus<>(), spelled), expected);
    EXPECT_EQ(tenon::parallel_reduce(0, 3'000, std::string(">"), std::plus<>(), spelled, tenon::deterministic),
              expected);
  });
}

TEST(parallel_reduce, maps_whole_pieces) {
  on_any_number_of_workers([] {
    const auto sum = [](long from, long until) {
      EXPECT_LT(from, until);
      return (until - from) * (from + until - 1) / 2;
    };
    EXPECT_EQ(tenon::parallel_reduce(0L, 1'000'001L, 0L, std::plus<>(), sum), 500'000'500'000L);
    EXPECT_EQ(tenon::parallel_reduce(0L, 1'000'001L, 0L, std::plus<>(), sum, tenon::deterministic), 500'000'500'000L);
  });
}

TEST(parallel_reduce, moves_what_cannot_be_copied) {
  on_any_number_of_workers([] {
    const auto sum = [](std::unique_ptr<int> a, std::unique_ptr<int> b) { return std::make_unique<int>(*a + *b); };
    const auto map = [](int i) { return std::make_unique<int>(i); };
    EXPECT_EQ(*tenon::parallel_reduce(0, 2'000, std::make_unique<int>(1), sum, map), 1'999'001);
    EXPECT_EQ(*tenon::parallel_reduce(0, 2'000, std::make_unique<int>(1), sum, map, tenon::deterministic), 1'999'001);
  });
}

TEST(parallel_reduce, gives_the_same_digits_every_time_when_deterministic) {
  std::mt19937 random(1);
  std::vector<double> numbers(100'003);
  for (double& each : numbers) each = std::uniform_real_distribution(-1e9, 1e9)(random);
  const double expected = tenon::parallel_reduce(numbers, 0.1, tenon::deterministic);
  const double of_ten = tenon::parallel_reduce(numbers, 0.1, tenon::deterministic, tenon::grain{10});
  on_any_number_of_workers([&] {
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(tenon::parallel_reduce(numbers, 0.1, tenon::deterministic), expected);
      EXPECT_EQ(tenon::parallel_reduce(numbers, 0.1, tenon::grain{10}, tenon::deterministic), of_ten);
    }
  });
}

TEST(parallel_reduce, goes_over_as_many_as_can_be_counted) {
  const auto length = [](std::uint64_t from, std::uint64_t until) { return until - from; };
  const std::uint64_t all = ~std::uint64_t{0};
  const std::uint64_t none = 0;
  EXPECT_EQ(tenon::parallel_reduce(none, all, none, std::plus<>(), length), all);
  EXPECT_EQ(tenon::parallel_reduce(none, all, none, std::plus<>(), length, tenon::deterministic), all);
  EXPECT_EQ(
      tenon::parallel_reduce(none, all, none, std::plus<>(), length, tenon::deterministic, tenon::grain{all / 3 * 2}),
      all);
}

#if defined(__cpp_exceptions)
TEST(parallel_reduce, throws_what_map_throws) {
  on_any_number_of_workers([] {
    const auto map = [](int i) { return i == 7'777 ? throw std::out_of_range("seven") : i; };
    EXPECT_THROW((void)tenon::parallel_reduce(0, 10'000, 0, std::plus<>(), map), std::out_of_range);
    EXPECT_THROW((void)tenon::parallel_reduce(0, 10'000, 0, std::plus<>(), map, tenon::deterministic),
                 std::out_of_range);
  });
}
#endif

}  // namespace
