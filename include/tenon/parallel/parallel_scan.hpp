// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/detail/relax.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/parallel/detail/extent.hpp>
#include <tenon/parallel/detail/reduction.hpp>
#include <tenon/parallel/detail/stride.hpp>
#include <tenon/parallel/fork_join.hpp>
#include <tenon/parallel/grain.hpp>

#include <atomic>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

#include <sched.h>

namespace tenon {

/// For parallel_scan: an element's result is what stands before it, without itself.
struct exclusive_scan_option {};
inline constexpr exclusive_scan_option exclusive{};

namespace detail {

template <>
inline constexpr bool is_option<exclusive_scan_option> = true;

/// A scan in one pass: each worker takes the next piece. If all before it is known by then, it is written at once; if
/// not, the piece is summed first, and the worker that has the next one need not wait until it is written.
///
/// front_ is where the first piece begins of which nothing is known; carry_ what stands before it. Who has that piece,
/// and nobody else, changes both: carry_, then front_ (release); who waits for its turn sees carry_ (acquire).
/// No deadlock: a piece that is taken is worked on by a thread, and waits at most for those left of it.
template <class Place, class Out, class T, class Combine, class Map, bool IsExclusive>
class scan {
 public:
  scan(places<Place> where, extent end, Out out, T init, Combine& combine, Map& map, extent least)
      : where_(where),
        end_(end),
        out_(std::move(out)),
        combine_(combine),
        map_(map),
        least_(least),
        sums_(std::move(where), combine, map, least),
        carry_(std::move(init)) {}

  [[nodiscard]] T run() {
    work(0);
    return std::move(carry_);
  }

 private:
  static constexpr std::int64_t piece_ns = 20'000;  // a piece costs two cache lines their way between the cores

  void work(extent size) {
    stride pieces(least_, size, piece_ns);
    for (;;) {
      const extent seen = next_.load(std::memory_order_relaxed);
      if (seen >= end_ || has_failed_.load(std::memory_order_relaxed)) return;
      // One that nobody has taken yet is enough: a fork makes nothing smaller here, and would be followed by the next.
      if (pieces.wanted(end_ - seen) && !this_thread_storage.forks->sharing()) {
        size = pieces.size();
        (void)fork_join(
            [this, size] {
              stride::lay_open();
              work(size);
            },
            [this, size] { work(size); });
        return;
      }
      const extent length = pieces.next(end_ - seen);
      const extent at = next_.fetch_add(length, std::memory_order_relaxed);
      if (at >= end_) return;
      take(at, length < end_ - at ? at + length : end_, pieces);
    }
  }
  void take(extent at, extent until, stride& pieces) {
#if defined(__cpp_exceptions)
    try {
      take_or_throw(at, until, pieces);
    } catch (...) {
      has_failed_.store(true, std::memory_order_relaxed);
      throw;
    }
#else
    take_or_throw(at, until, pieces);
#endif
  }
  void take_or_throw(extent at, extent until, stride& pieces) {
    if (front_.load(std::memory_order_acquire) == at) {
      carry_ = write(std::move(carry_), at, until);
      front_.store(until, std::memory_order_release);
      return;
    }
    T sum = sums_.of(at, until);
    if (front_.load(std::memory_order_acquire) != at) {
      const time_point since = steady::source::now();
      for (unsigned round = 0; front_.load(std::memory_order_acquire) != at; ++round) {
        if (has_failed_.load(std::memory_order_relaxed)) return;
        if (round < spins) {
          relax();
        } else {
          ::sched_yield();
        }
      }
      pieces.waited(since);  // or its pieces would become shorter, and it would wait for each
    }
    T before = carry_;
    carry_ = combine_(std::move(carry_), std::move(sum));
    front_.store(until, std::memory_order_release);
    (void)write(std::move(before), at, until);
  }
  [[nodiscard]] T write(T before, extent from, extent until) {
    Place at = where_.at(from);
    const Place end = where_.at(until);
    Out out = out_ + static_cast<std::iter_difference_t<Out>>(from);
    at_hand<Map, element_t<Place>> map = map_;
    at_hand<Combine, T, std::invoke_result_t<Map&, element_t<Place>>> combine = combine_;
    for (; at < end; ++at, ++out) {
      if constexpr (IsExclusive) {
        T next = combine(before, map(places<Place>::element(at)));
        *out = std::move(before);
        before = std::move(next);
      } else {
        before = combine(std::move(before), map(places<Place>::element(at)));
        *out = before;
      }
    }
    return before;
  }

  static constexpr unsigned spins = 1'000;

  places<Place> where_;
  extent end_;
  Out out_;
  Combine& combine_;
  Map& map_;
  extent least_;
  reduction<Place, T, Combine, Map> sums_;
  alignas(cache_line) std::atomic<extent> next_{0};
  std::atomic<bool> has_failed_{false};
  alignas(cache_line) std::atomic<extent> front_{0};
  T carry_;
};

template <class Place, class Out, class T, class Combine, class Map, class... Options>
[[nodiscard]] T scan_into(places<Place> where, extent count, Out& out, T& init, Combine& combine, Map& map,
                          Options... options) {
  scan<Place, Out, T, Combine, Map, has_option<exclusive_scan_option, Options...>> all(
      std::move(where), count, std::move(out), std::move(init), combine, map, least_of(options...));
  return all.run();
}

}  // namespace detail

/// Writes what each element between `first` and `last` makes with all before it, side by side where a worker is free,
/// and gives the last: `init` with all of them.
///
///     const std::size_t all = tenon::parallel_scan(sizes, offsets.begin(), std::size_t{0}, tenon::exclusive);
///     tenon::parallel_scan(x.begin(), x.end(), x.begin(), 0L);   // in place: running sums
///
/// Shape    The elements are those of parallel_for. `map` gives a T, or what `combine` takes as its second argument;
///          `combine(T, T)` is associative, and need not be commutative. Without `map` the elements count as they are,
///          without `combine` it is their sum. `init` is a T and counts once. `out` is a random-access iterator to as
///          many places, which may be the elements' own. Behind may stand `tenon::grain{n}` and `tenon::exclusive`.
/// Order    As parallel_reduce: sums of floating point differ in their last digits from run to run.
/// Cost     One worker: one pass. While others help, about a third of the elements is read twice, out of the cache: two
///          workers need two thirds of the time of one, n of them 2 / (n + 1).
/// Threads  As parallel_for: `combine` and `map` are called from several workers at once, and twice for an element.
/// Errors   As fork_join; what was written before is there.
/// Source   D. Merrill and M. Garland, "Single-pass Parallel Prefix Scan with Decoupled Look-back", 2016.
template <class First, class Last, std::random_access_iterator Out, class T, class... Rest>
  requires detail::bounds<First, Last>
T parallel_scan(First first, Last last, Out out, T init, Rest... rest) {
  auto where = detail::places_from(std::move(first), last);
  const detail::extent count = detail::extent_of(where.first, last);
  return detail::with_defaults(
      [&](auto& combine, auto& map, auto... options) -> T {
        using index = decltype(where.first);
        static_assert(
            std::is_invocable_v<decltype(map), detail::element_t<index>>,
            "tenon::parallel_scan(first, last, out, init, combine, map): map cannot be called with an element; write "
            "[&](std::size_t i) { return ...; }");
        static_assert(
            std::is_invocable_r_v<T, decltype(combine), T, T>,
            "tenon::parallel_scan(first, last, out, init, combine, map): combine(T, T) must give a T, the type of "
            "init; give init the type of the result");
        static_assert(
            ((std::is_same_v<decltype(options), grain> || std::is_same_v<decltype(options), exclusive_scan_option>) &&
             ...),
            "tenon::parallel_scan: what stands behind map is no option of it; write tenon::grain{1024} or "
            "tenon::exclusive");
        return detail::scan_into(std::move(where), count, out, init, combine, map, options...);
      },
      std::move(rest)...);
}

/// The same of the elements of a random-access range: `tenon::parallel_scan(sizes, ends.begin(), 0L);`
template <class Range, std::random_access_iterator Out, class T, class... Rest>
  requires(!detail::bounds<Range, Out>)
T parallel_scan(Range&& range, Out out, T init, Rest... rest) {
  static_assert(detail::random_access<Range>,
                "tenon::parallel_scan(range, out, init): the range has no random access; collect it into a std::vector "
                "first");
  if constexpr (detail::random_access<Range>) {
    return parallel_scan(std::begin(range), std::end(range), std::move(out), std::move(init), std::move(rest)...);
  } else {
    return init;
  }
}

}  // namespace tenon
