// SPDX-License-Identifier: BSL-1.0

#include <tenon/parallel/algorithm.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "pool.hpp"

namespace {

namespace parallel = tenon::parallel;

TEST(algorithm, gives_what_the_standard_gives) {
  on_any_number_of_workers([] {
    for (const std::size_t count : {0U, 1U, 2U, 70U, 20'000U}) {
      std::vector<long> a(count), b(count), expected(count), got(count);
      for (std::size_t i = 0; i < count; ++i) a[i] = static_cast<long>(i * 7'919 % 1'000);
      std::iota(b.begin(), b.end(), -3);
      const auto square = [](long x) { return x * x; };

      std::transform(a.begin(), a.end(), expected.begin(), square);
      EXPECT_EQ(parallel::transform(a.begin(), a.end(), got.begin(), square), got.end());
      EXPECT_EQ(got, expected);
      parallel::transform(a.begin(), a.end(), b.begin(), got.begin(), std::minus<>());
      std::transform(a.begin(), a.end(), b.begin(), expected.begin(), std::minus<>());
      EXPECT_EQ(got, expected);
      parallel::for_each(got.begin(), got.end(), [](long& x) { x = -x; });
      parallel::transform(got.begin(), got.end(), got.begin(), std::negate<>());
      EXPECT_EQ(got, expected);

      EXPECT_EQ(parallel::reduce(a.begin(), a.end()), std::reduce(a.begin(), a.end()));
      EXPECT_EQ(parallel::reduce(a.begin(), a.end(), 9L), std::reduce(a.begin(), a.end(), 9L));
      const auto most = [](long x, long y) { return std::max(x, y); };
      EXPECT_EQ(parallel::reduce(a.begin(), a.end(), -1L, most), std::reduce(a.begin(), a.end(), -1L, most));
      EXPECT_EQ(parallel::transform_reduce(a.begin(), a.end(), b.begin(), 1L),
                std::transform_reduce(a.begin(), a.end(), b.begin(), 1L));
      EXPECT_EQ(parallel::transform_reduce(a.begin(), a.end(), 1L, std::plus<>(), square),
                std::transform_reduce(a.begin(), a.end(), 1L, std::plus<>(), square));
      const auto is_odd = [](long x) { return x % 2 != 0; };
      EXPECT_EQ(parallel::count_if(a.begin(), a.end(), is_odd), std::count_if(a.begin(), a.end(), is_odd));

      std::inclusive_scan(a.begin(), a.end(), expected.begin());
      EXPECT_EQ(parallel::inclusive_scan(a.begin(), a.end(), got.begin()), got.end());
      EXPECT_EQ(got, expected);
      std::inclusive_scan(a.begin(), a.end(), expected.begin(), std::plus<>(), 4L);
      parallel::inclusive_scan(a.begin(), a.end(), got.begin(), std::plus<>(), 4L);
      EXPECT_EQ(got, expected);
      std::exclusive_scan(a.begin(), a.end(), expected.begin(), 4L, most);
      parallel::exclusive_scan(a.begin(), a.end(), got.begin(), 4L, most);
      EXPECT_EQ(got, expected);

      parallel::sort(a.begin(), a.end(), std::greater<>());
      EXPECT_TRUE(std::is_sorted(a.begin(), a.end(), std::greater<>()));
    }
  });
}

}  // namespace
