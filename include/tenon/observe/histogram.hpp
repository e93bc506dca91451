// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/threading.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace tenon {

/// How often which values came, in buckets that grow with the values: quantiles of times or sizes, in fixed memory.
///
///     tenon::histogram<> waits;                       // written by its worker
///     waits.record(static_cast<std::uint64_t>((now - since).count()));
///     ...
///     tenon::histogram<tenon::single_thread> all;     // merged by who reads
///     for (const auto& each : of_workers) all.add(each);
///     const std::uint64_t p99 = all.quantile(0.99);
///
/// Shape    Values below 2^Bits have a bucket each; above, each power of two has 2^Bits buckets of one width, up to
///          2^Range, and what is larger goes into the last. (Range - Bits + 1) * 2^Bits buckets of 8 bytes: 9 KiB as it
///          is, which in nanoseconds reaches 18 minutes.
/// Error    A quantile is the largest value of its bucket, so it is never too small, and too large by less than one
///          part in 2^Bits: 3 % as it is. count, max and sum are exact; of a value above the range max alone knows.
/// Cost     record: some ten instructions, a load and a store in each of two places, no read-modify-write, no
///          allocation. add, quantile, count: one pass over the buckets.
/// Threads  One records. With multi_thread any thread reads meanwhile: each bucket only grows, and what it reads is a
///          histogram that holds all that was recorded before, and perhaps some of what came during the look.
/// Source   G. Tene, HdrHistogram; the buckets are those of its unit magnitude 0.
template <class Threading = multi_thread, unsigned Bits = 5, unsigned Range = 40>
class histogram {
  static_assert(Bits >= 1 && Bits <= 12, "tenon::histogram<Threading, Bits>: Bits must lie between 1 and 12");
  static_assert(Range > Bits && Range <= 64,
                "tenon::histogram<Threading, Bits, Range>: Range must be more than Bits and at most 64");

 public:
  static constexpr std::size_t buckets = std::size_t{Range - Bits + 1} << Bits;

  histogram() = default;
  /// What `other` holds now.
  histogram(const histogram& other) noexcept { add(other); }
  histogram& operator=(const histogram&) = delete;

  /// The one who writes: a value came.
  void record(std::uint64_t value) noexcept {
    grow(counts_[bucket_of(value)], 1);
    grow(sum_, value);
    if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
  }

  /// The one who writes: all that `other` has recorded comes here too.
  template <class OtherThreading>
  void add(const histogram<OtherThreading, Bits, Range>& other) noexcept {
    for (std::size_t i = 0; i < buckets; ++i) grow(counts_[i], other.in_bucket(i));
    grow(sum_, other.sum());
    if (const std::uint64_t most = other.max(); most > max()) max_.store(most, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t all = 0;
    for (const auto& each : counts_) all += each.load(std::memory_order_relaxed);
    return all;
  }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_.load(std::memory_order_relaxed); }
  [[nodiscard]] double mean() const noexcept {
    const std::uint64_t all = count();
    return all == 0 ? 0 : static_cast<double>(sum()) / static_cast<double>(all);
  }

  /// A value that at least the part `of` of all values does not exceed: 0.5 the median, 1 the largest. 0 where nothing
  /// was recorded. `of` lies between 0 and 1.
  [[nodiscard]] std::uint64_t quantile(double of) const noexcept {
    assert(of >= 0 && of <= 1);
    const std::uint64_t all = count();
    const double wanted = of * static_cast<double>(all);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      below += in_bucket(i);
      if (below > 0 && static_cast<double>(below) >= wanted) {
        // A max of another bucket is a larger one, or one that is behind the count of a value just recorded.
        const std::uint64_t most = max();
        return bucket_of(most) == i ? most : largest_of(i);
      }
    }
    return max();  // only where more was recorded between the two looks than the rounding of a double hides
  }

  /// The buckets themselves, for whoever draws them: how many values lie in one, and which is the largest it takes.
  [[nodiscard]] std::uint64_t in_bucket(std::size_t index) const noexcept {
    return counts_[index].load(std::memory_order_relaxed);
  }
  [[nodiscard]] static constexpr std::uint64_t largest_of(std::size_t index) noexcept {
    const std::size_t group = index >> Bits;
    if (group == 0) return index;
    const std::uint64_t top = (index & (fine - 1)) | fine;  // the leading bits of its values
    return ((top + 1) << (group - 1)) - 1;
  }
  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < fine) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - Bits - 1;
    const std::size_t index = (std::size_t{shift} << Bits) + static_cast<std::size_t>(value >> shift);
    return index < buckets ? index : buckets - 1;
  }

 private:
  using number = typename Threading::template atomic<std::uint64_t>;
  static constexpr std::uint64_t fine = std::uint64_t{1} << Bits;

  /// Written by one thread, so load and store are enough; relaxed, because no other memory is published by it.
  static void grow(number& what, std::uint64_t amount) noexcept {
    what.store(what.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  number sum_{0};
  number max_{0};
  std::array<number, buckets> counts_{};
};

static_assert(histogram<>::bucket_of(31) == 31 && histogram<>::bucket_of(32) == 32);
static_assert(histogram<>::largest_of(histogram<>::bucket_of(1000)) == 1007);

}  // namespace tenon
