// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/detail/extent.hpp>
#include <tenon/parallel/detail/reduction.hpp>
#include <tenon/parallel/grain.hpp>

#include <iterator>
#include <type_traits>
#include <utility>

namespace tenon {

/// For parallel_reduce: the result depends on the elements and the grain alone, not on who has taken what.
struct deterministic_order {};
inline constexpr deterministic_order deterministic{};

namespace detail {

template <>
inline constexpr bool is_option<deterministic_order> = true;

template <class Place, class T, class Combine, class Map, class... Options>
[[nodiscard]] T reduce(places<Place> where, extent count, T& init, Combine& combine, Map& map, Options... options) {
  if (count == 0) return std::move(init);
  const extent least = least_of(options...);
  reduction<Place, T, Combine, Map> all(std::move(where), combine, map, least);
  if constexpr (has_option<deterministic_order, Options...>) {
    const extent leaf = has_option<grain, Options...> ? least : (count - 1) / most_leaves + 1;
    return combine(std::move(init), all.in_pairs(0, count, leaf));
  } else {
    return all.run(std::move(init), 0, count, 0);
  }
}

}  // namespace detail

/// Combines `init` and what `map` makes of each element between `first` and `last`, side by side where a worker is
/// free.
///
///     const double norm = tenon::parallel_reduce(x, 0.0, std::plus<>(), [](double v) { return v * v; });
///     const double mean = tenon::parallel_reduce(prices, 0.0, tenon::deterministic) / n;
///
/// Shape    The elements are those of parallel_for. `map` gives a T, or what `combine` takes as its second argument;
///          one of two arguments gives that of a whole piece, which is never empty. `init` is a T and counts once;
///          `combine(T, T)` is associative, and need not be commutative. Without `map` the elements count as they are,
///          without `combine` it is their sum. T is moved, never copied. Behind may stand `tenon::grain{n}` and
///          `tenon::deterministic`.
/// Order    From left to right, in brackets that depend on who was hungry: a sum of floating point differs in its last
///          digits from run to run. With `deterministic` the brackets depend on the number of elements and on the
///          grain: 512 leaves at most, or leaves of `grain` elements, combined in pairs.
/// Cost     As parallel_for. `deterministic`: a fork for each leaf, whether somebody is hungry or not.
/// Threads  As parallel_for: `combine` and `map` are called from several workers at once.
/// Errors   As fork_join: the leftmost exception; what has not begun is not run.
template <class First, class Last, class T, class... Rest>
  requires detail::bounds<First, Last>
[[nodiscard]] T parallel_reduce(First first, Last last, T init, Rest... rest) {
  auto where = detail::places_from(std::move(first), last);
  const detail::extent count = detail::extent_of(where.first, last);
  return detail::with_defaults(
      [&](auto& combine, auto& map, auto... options) -> T {
        using index = decltype(where.first);
        static_assert(
            std::is_invocable_v<decltype(map), detail::element_t<index>> ||
                std::is_invocable_v<decltype(map), index, index>,
            "tenon::parallel_reduce(first, last, init, combine, map): map can be called neither with an element nor "
            "with the two ends of a piece; write [&](std::size_t i) { return ...; }");
        static_assert(
            std::is_invocable_r_v<T, decltype(combine), T, T>,
            "tenon::parallel_reduce(first, last, init, combine, map): combine(T, T) must give a T, the type of init; "
            "give init the type of the result");
        static_assert(
            ((std::is_same_v<decltype(options), grain> || std::is_same_v<decltype(options), deterministic_order>) &&
             ...),
            "tenon::parallel_reduce: what stands behind map is no option of it; write tenon::grain{1024} or "
            "tenon::deterministic");
        return detail::reduce(std::move(where), count, init, combine, map, options...);
      },
      std::move(rest)...);
}

/// The same of the elements of a random-access range: `tenon::parallel_reduce(prices, 0.0)`.
template <class Range, class T, class... Rest>
  requires(!detail::bounds<Range, T>)
[[nodiscard]] T parallel_reduce(Range&& range, T init, Rest... rest) {
  static_assert(detail::random_access<Range>,
                "tenon::parallel_reduce(range, init): the range has no random access; collect it into a std::vector "
                "first");
  if constexpr (detail::random_access<Range>) {
    return parallel_reduce(std::begin(range), std::end(range), std::move(init), std::move(rest)...);
  } else {
    return init;
  }
}

}  // namespace tenon
