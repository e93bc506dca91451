// SPDX-License-Identifier: BSL-1.0

#include <tenon/parallel/parallel_sort.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "pool.hpp"

namespace {

template <class T>
void sorts(std::vector<T> items) {
  std::vector<T> expected = items;
  std::sort(expected.begin(), expected.end());
  tenon::parallel_sort(items);
  ASSERT_EQ(items, expected);
  std::reverse(expected.begin(), expected.end());
  tenon::parallel_sort(items.begin(), items.end(), std::greater<>());
  ASSERT_EQ(items, expected);
}

TEST(parallel_sort, sorts_numbers_in_any_order) {
  on_any_number_of_workers([] {
    std::mt19937 random(3);
    for (const int count : {0, 1, 2, 3, 24, 25, 129, 1'025, 30'000}) {
      const auto fill = [&](auto value) {
        std::vector<int> items(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) items[static_cast<std::size_t>(i)] = static_cast<int>(value(i));
        return items;
      };
      sorts(fill([&](int) { return random(); }));
      sorts(fill([&](int) { return random() % 5; }));
      sorts(fill([](int i) { return i; }));
      sorts(fill([&](int i) { return -i; }));
      sorts(fill([&](int i) { return i < count / 2 ? i : count - i; }));
      sorts(fill([&](int i) { return i % 50; }));
      sorts(fill([](int) { return 1; }));
    }
  });
}

TEST(parallel_sort, divides_a_large_range_side_by_side) {
  std::mt19937 random(5);
  std::vector<int> numbers(300'000);
  for (int& each : numbers) each = static_cast<int>(random());
  std::vector<int> expected = numbers;
  std::sort(expected.begin(), expected.end());
  on_any_number_of_workers([&] {
    std::vector<int> items = numbers;
    tenon::parallel_sort(items);
    ASSERT_EQ(items, expected);
  });
}

TEST(parallel_sort, sorts_what_is_costly_to_move) {
  on_any_number_of_workers([] {
    std::mt19937 random(4);
    for (const std::size_t count : {0U, 1U, 2U, 16U, 17U, 200U, 5'000U, 30'000U}) {
      std::vector<std::string> items(count);
      for (std::string& each : items) each = std::to_string(random() % 10'000);
      sorts(items);
    }
  });
}

TEST(parallel_sort, sorts_what_can_only_be_moved) {
  on_any_number_of_workers([] {
    std::vector<std::unique_ptr<int>> items;
    for (int i = 0; i < 20'000; ++i) items.push_back(std::make_unique<int>(i * 7'919 % 20'000));
    tenon::parallel_sort(items, [](const auto& a, const auto& b) { return *a < *b; });
    for (int i = 0; i < 20'000; ++i) ASSERT_EQ(*items[static_cast<std::size_t>(i)], i);
  });
}

TEST(parallel_sort, takes_no_squared_time_where_each_pivot_is_bad) {
  // An adversary that decides the order as it is asked (M. McIlroy, "A Killer Adversary for Quicksort", 1999).
  constexpr int count = 5'000, gas = count;
  std::vector<int> value(count, gas), items(count);
  int solid = 0, candidate = 0;
  long comparisons = 0;
  for (int i = 0; i < count; ++i) items[static_cast<std::size_t>(i)] = i;
  tenon::parallel_sort(items, [&](int a, int b) {
    ++comparisons;
    int& x = value[static_cast<std::size_t>(a)];
    int& y = value[static_cast<std::size_t>(b)];
    if (x == gas && y == gas) (a == candidate ? x : y) = solid++;
    if (x == gas) candidate = a;
    if (y == gas) candidate = b;
    return x < y;
  });
  EXPECT_LT(comparisons, 60L * count);
}

TEST(parallel_sort, leaves_numbers_that_have_no_order_where_they_may_stand) {
  std::vector<double> items(3'000);
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = i % 3 == 0 ? 0.0 / 0.0 : static_cast<double>(i * 7 % 1'000);
  tenon::parallel_sort(items);
  EXPECT_EQ(std::count_if(items.begin(), items.end(), [](double x) { return x != x; }), 1'000);
}

#if defined(__cpp_exceptions)
TEST(parallel_sort, throws_what_the_comparison_throws) {
  on_any_number_of_workers([] {
    std::vector<int> items(50'000);
    for (int i = 0; i < 50'000; ++i) items[static_cast<std::size_t>(i)] = i * 7 % 50'000;
    EXPECT_THROW(tenon::parallel_sort(items,
                                      [](int a, int b) {
                                        if (a == 40'000 && b == 40'001) throw std::runtime_error("cannot say");
                                        if (b == 40'000 && a == 40'001) throw std::runtime_error("cannot say");
                                        return a < b;
                                      }),
                 std::runtime_error);
  });
}
#endif

}  // namespace
