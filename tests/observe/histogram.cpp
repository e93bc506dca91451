// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/histogram.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <thread>
#include <vector>

namespace {

using small = tenon::histogram<tenon::single_thread, 3, 20>;
using plain = tenon::histogram<tenon::single_thread>;

/// The value that the part `of` does not exceed, as a sorted list says it.
std::uint64_t exact(const std::vector<std::uint64_t>& sorted, double of) {
  const auto wanted = of * static_cast<double>(sorted.size());
  std::size_t index = 0;
  while (index + 1 < sorted.size() && static_cast<double>(index + 1) < wanted) ++index;
  return sorted[index];
}

TEST(histogram, of_nothing_is_all_zero) {
  const plain none;
  EXPECT_EQ(none.count(), 0U);
  EXPECT_EQ(none.max(), 0U);
  EXPECT_EQ(none.quantile(0.5), 0U);
  EXPECT_EQ(none.mean(), 0.0);
}

TEST(histogram, tells_small_values_exactly) {
  plain seen;
  for (std::uint64_t i = 1; i <= 20; ++i) seen.record(i);
  EXPECT_EQ(seen.quantile(0), 1U);
  EXPECT_EQ(seen.quantile(0.5), 10U);
  EXPECT_EQ(seen.quantile(0.95), 19U);
  EXPECT_EQ(seen.quantile(1), 20U);
  EXPECT_EQ(seen.mean(), 10.5);
}

TEST(histogram, keeps_what_is_above_its_range_in_the_last_bucket) {
  small seen;
  seen.record(std::uint64_t{1} << 40U);
  seen.record(5);
  EXPECT_EQ(seen.in_bucket(small::buckets - 1), 1U);
  EXPECT_EQ(seen.count(), 2U);
  EXPECT_EQ(seen.quantile(1), std::uint64_t{1} << 40U);
}

TEST(histogram, buckets_lie_one_behind_the_other) {
  for (std::size_t i = 0; i + 1 < small::buckets; ++i) {
    EXPECT_EQ(small::bucket_of(small::largest_of(i)), i);
    EXPECT_EQ(small::bucket_of(small::largest_of(i) + 1), i + 1);
  }
  EXPECT_EQ(small::largest_of(small::buckets - 1), (std::uint64_t{1} << 20U) - 1);
}

RC_GTEST_PROP(histogram, agrees_with_a_sorted_list_within_its_error, ()) {
  const auto exponents = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(
      rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 100), rc::gen::inRange<std::uint64_t>(0, 1'000'000),
                     rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 40U))));
  auto values = exponents;
  plain seen;
  for (const std::uint64_t value : values) seen.record(value);
  std::sort(values.begin(), values.end());
  RC_ASSERT(seen.count() == values.size());
  RC_ASSERT(seen.max() == values.back());
  RC_ASSERT(seen.sum() == std::accumulate(values.begin(), values.end(), std::uint64_t{0}));
  for (const double of : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const std::uint64_t wanted = exact(values, of);
    const std::uint64_t given = seen.quantile(of);
    RC_ASSERT(given >= wanted);
    RC_ASSERT(given <= wanted + wanted / 32);
  }
}

RC_GTEST_PROP(histogram, merged_is_that_of_all_values,
              (const std::vector<std::uint32_t>& first, const std::vector<std::uint32_t>& second)) {
  plain one;
  tenon::histogram<tenon::multi_thread> other;
  plain all;
  plain merged;
  for (const std::uint64_t value : first) one.record(value), all.record(value);
  for (const std::uint64_t value : second) other.record(value), all.record(value);
  merged.add(one);
  merged.add(other);
  RC_ASSERT(merged.max() == all.max());
  RC_ASSERT(merged.sum() == all.sum());
  for (std::size_t i = 0; i < plain::buckets; ++i) RC_ASSERT(merged.in_bucket(i) == all.in_bucket(i));
}

/// A threading between each two of whose stores somebody looks.
struct looked_at {
  template <class T>
  class atomic {
   public:
    constexpr explicit(false) atomic(T value = {}) noexcept : value_(value) {}
    [[nodiscard]] T load(std::memory_order /*order*/) const noexcept { return value_; }
    void store(T value, std::memory_order /*order*/) noexcept {
      value_ = value;
      if (look) look();
    }

   private:
    T value_;
  };
  static inline std::function<void()> look;
};

TEST(histogram, has_no_quantile_that_is_too_small_while_it_is_written) {
  tenon::histogram<looked_at> seen;
  int looks = 0;
  for (const std::uint64_t value : {std::uint64_t{1000}, std::uint64_t{1} << 50U}) {
    looked_at::look = [&, before = seen.count()] {
      ++looks;
      if (seen.count() == before) return;
      EXPECT_GE(seen.quantile(1), std::min(value, plain::largest_of(plain::buckets - 1)));
    };
    seen.record(value);
  }
  looked_at::look = nullptr;
  EXPECT_EQ(looks, 6);
  EXPECT_EQ(seen.quantile(1), std::uint64_t{1} << 50U);
}

TEST(histogram, is_read_while_it_is_written) {
  tenon::histogram<> seen;
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= 20'000; ++i) seen.record(i);
    over = true;
  });
  std::uint64_t before = 0;
  while (!over) {
    const std::uint64_t now = seen.count();
    EXPECT_GE(now, before);
    EXPECT_LE(seen.quantile(0.5), 20'000U);
    before = now;
  }
  writer.join();
  EXPECT_EQ(seen.count(), 20'000U);
  EXPECT_EQ(seen.max(), 20'000U);
}

}  // namespace
