// SPDX-License-Identifier: BSL-1.0

#include <tenon/parallel/parallel_for.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include "pool.hpp"

namespace {

TEST(parallel_for, calls_each_index_once) {
  on_any_number_of_workers([] {
    for (const std::size_t count : {0U, 1U, 2U, 3U, 63U, 64U, 65U, 1'000U, 54'321U}) {
      std::vector<std::atomic<int>> calls(count);
      tenon::parallel_for(0, count, [&](std::size_t i) { calls[i].fetch_add(1, std::memory_order_relaxed); });
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(calls[i], 1) << i << " of " << count;
    }
  });
}

TEST(parallel_for, goes_over_the_elements_of_a_range_or_between_iterators) {
  on_any_number_of_workers([] {
    std::vector<int> numbers(5'000, 1);
    tenon::parallel_for(numbers, [](int& each) { each += 1; });
    tenon::parallel_for(numbers.begin() + 1, numbers.end(), [](int& each) { each += 1; });
    EXPECT_EQ(numbers.front(), 2);
    for (std::size_t i = 1; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], 3);
    int plain[3] = {1, 2, 3};
    tenon::parallel_for(plain, [](int& each) { each *= 2; });
    EXPECT_EQ(plain[2], 6);
  });
}

TEST(parallel_for, takes_what_is_negative_and_nothing_that_goes_backwards) {
  std::atomic<int> sum{0};
  tenon::parallel_for(-3, 3, [&](int i) { sum += i; });
  EXPECT_EQ(sum, -3);
  tenon::parallel_for(3, -3, [&](int) { sum = 1'000; });
  EXPECT_EQ(sum, -3);
  std::atomic<int> bytes{0};
  tenon::parallel_for(std::numeric_limits<signed char>::min(), std::numeric_limits<signed char>::max(),
                      [&](signed char) { ++bytes; });
  EXPECT_EQ(bytes, 255);
}

TEST(parallel_for, goes_beyond_what_an_int_counts) {
  static constexpr std::int64_t begin = std::int64_t{1} << 40, count = std::int64_t{3} << 30;
  on_any_number_of_workers([] {
    std::atomic<std::int64_t> seen{0};
    tenon::parallel_for(begin, begin + count, [&](std::int64_t from, std::int64_t until) { seen += until - from; });
    EXPECT_EQ(seen, count);
  });
}

TEST(parallel_for, gives_a_body_of_two_arguments_whole_pieces) {
  on_any_number_of_workers([] {
    std::vector<std::atomic<int>> calls(10'000);
    tenon::parallel_for(std::size_t{0}, calls.size(), [&](std::size_t from, std::size_t until) {
      ASSERT_LT(from, until);
      for (; from != until; ++from) ++calls[from];
    });
    for (const auto& each : calls) ASSERT_EQ(each, 1);
  });
}

TEST(parallel_for, takes_no_less_than_the_grain) {
  on_any_number_of_workers([] {
    std::atomic<int> pieces{0};
    tenon::parallel_for(
        0, 1'000,
        [&](int from, int until) {
          ++pieces;
          EXPECT_TRUE(until - from >= 500 || until == 1'000) << from << ' ' << until;
        },
        tenon::grain{500});
    EXPECT_LE(pieces, 4);
    std::atomic<int> all{0};
    tenon::parallel_for(0, 10, [&](int) { ++all; }, tenon::grain{0});
    EXPECT_EQ(all, 10);
  });
}

TEST(parallel_for, may_stand_in_another) {
  on_any_number_of_workers([] {
    std::vector<std::vector<int>> table(60, std::vector<int>(70));
    tenon::parallel_for(0, 60, [&](int row) {
      tenon::parallel_for(0, 70, [&, row](int column) {
        table[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] += row * column;
      });
    });
    for (int row = 0; row < 60; ++row) {
      for (int column = 0; column < 70; ++column) {
        ASSERT_EQ(table[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)], row * column);
      }
    }
  });
}

TEST(parallel_for, gives_half_to_a_worker_that_has_nothing_to_do) {
  struct pool : tenon::runtime<tenon::epoll, tenon::stealing<>> {
    using runtime::runtime;
  };
  pool rt{{.threads = 2}};
  rt.run([] {
    std::atomic<bool> is_met{false};
    const auto here = std::this_thread::get_id();
    tenon::parallel_for(0, 2, [&](int) {
      if (std::this_thread::get_id() != here) {
        is_met = true;
      } else {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!is_met && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
      }
    });
    EXPECT_TRUE(is_met);
    return 0;
  });
}

TEST(parallel_for, serves_timers_meanwhile) {
  struct pool : tenon::runtime<tenon::epoll, tenon::stealing<>> {
    using runtime::runtime;
  };
  pool rt{{.threads = 1}};
  rt.run([&rt] {
    std::atomic<bool> is_served{false};
    EXPECT_TRUE(rt.defer([&] { is_served = true; }));
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    tenon::parallel_for(0, 1'000'000'000, [&](int from, int until) {
      if (is_served) return;  // else it takes ten seconds and more
      const auto enough = std::chrono::steady_clock::now() + std::chrono::nanoseconds(20) * (until - from);
      while (std::chrono::steady_clock::now() < std::min(enough, limit)) continue;
    });
    EXPECT_TRUE(is_served);
    return 0;
  });
}

#if defined(__cpp_exceptions)
TEST(parallel_for, throws_what_a_body_throws_and_stops_soon) {
  on_any_number_of_workers([] {
    std::atomic<long> calls{0};
    EXPECT_THROW(tenon::parallel_for(0, 1'000'000'000,
                                     [&](int i) {
                                       ++calls;
                                       if (i == 1'000) throw std::runtime_error("one thousand");
                                     }),
                 std::runtime_error);
    EXPECT_LT(calls, 900'000'000);
  });
}
#endif

}  // namespace
