// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/detail/extent.hpp>
#include <tenon/parallel/detail/stride.hpp>
#include <tenon/parallel/fork_join.hpp>
#include <tenon/parallel/grain.hpp>

#include <atomic>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

template <class Place, class Body>
class for_loop {
 public:
  for_loop(places<Place> where, Body& body, extent least) noexcept
      : where_(std::move(where)), body_(body), least_(least) {}

  void run(extent at, extent end, extent size) {
    stride pieces(least_, size);
    while (at != end && !has_failed_.load(std::memory_order_relaxed)) {
      if (pieces.wanted(end - at)) {
        const extent middle = at + (end - at) / 2;
        size = pieces.size();
        (void)fork_join(
            [this, at, middle, size] {
              stride::lay_open();
              run(at, middle, size);
            },
            [this, middle, end, size] { run(middle, end, size); });
        return;
      }
      const extent until = at + pieces.next(end - at);
      take(at, until);
      at = until;
    }
  }

 private:
  static constexpr bool is_by_element = std::is_invocable_v<Body&, element_t<Place>>;

  void take(extent from, extent until) {
#if defined(__cpp_exceptions)
    try {
      go_over(where_.at(from), where_.at(until));
    } catch (...) {
      has_failed_.store(true, std::memory_order_relaxed);
      throw;
    }
#else
    go_over(where_.at(from), where_.at(until));
#endif
  }
  void go_over(Place at, const Place until) {
    if constexpr (is_by_element) {
      at_hand<Body, element_t<Place>> body = body_;
      for (; at < until; ++at) body(places<Place>::element(at));
    } else {
      body_(std::move(at), until);
    }
  }

  places<Place> where_;
  Body& body_;
  extent least_;
  std::atomic<bool> has_failed_{false};
};

template <class... Options>
inline constexpr bool only_grain = (std::is_same_v<Options, grain> && ...);

}  // namespace detail

/// Calls `body` with each element between `first` and `last`, side by side where a worker is free.
///
///     tenon::parallel_for(0, image.rows(), [&](int row) { smooth(image, row); });
///     tenon::parallel_for(points.begin(), points.end(), [](point& each) { each.normalise(); });
///     tenon::parallel_for(std::size_t{0}, n, [&](std::size_t from, std::size_t until) { kernel(data, from, until); });
///
/// Shape    Of numbers the elements are first, first + 1, ... below last (two types: their common one); of
///          random-access iterators what they point at. A body of two arguments gets a whole piece, two numbers
///          or two iterators. Behind it may stand `tenon::grain{n}`.
/// Cost     One worker: a plain counted loop in pieces of 5 us, each of which costs about 25 ns; finding their length
///          costs some 150 ns a call. The loop is split only when a worker has asked for work: a split costs a fork,
///          and the way to another core.
/// Threads  As fork_join: on a worker of a runtime that shares its tasks; elsewhere a plain loop. `body` is called from
///          several workers at once, each element once, in order within a piece.
/// Errors   What leaves `body` leaves here (one of them, if several do); pieces that have not begun are not run.
/// Source   See parallel/detail/stride.hpp.
template <class First, class Last, class Body, class... Options>
  requires detail::bounds<First, Last>
void parallel_for(First first, Last last, Body&& body, Options... options) {
  auto where = detail::places_from(std::move(first), last);
  using index = decltype(where.first);
  static_assert(std::is_invocable_v<Body&, detail::element_t<index>> || std::is_invocable_v<Body&, index, index>,
                "tenon::parallel_for(first, last, body): body can be called neither with an element nor with the two "
                "ends of a piece; write [&](std::size_t i) { ... }, or [&](auto& element) { ... } for iterators");
  static_assert(detail::only_grain<Options...>,
                "tenon::parallel_for: what stands behind the body is no option of it; write tenon::grain{1024}");
  const detail::extent count = detail::extent_of(where.first, last);
  if (count == 0) return;
  using callable = std::remove_reference_t<Body>;
  detail::for_loop<index, callable>(where, body, detail::least_of(options...)).run(0, count, 0);
}

/// The same for the elements of a random-access range: `tenon::parallel_for(points, [](point& each) { ... });`
template <class Range, class Body, class... Options>
  requires(!detail::bounds<Range, Body>)
void parallel_for(Range&& range, Body&& body, Options... options) {
  static_assert(
      detail::random_access<Range>,
      "tenon::parallel_for(range, body): the range has no random access; collect it into a std::vector first");
  if constexpr (detail::random_access<Range>) {
    parallel_for(std::begin(range), std::end(range), std::forward<Body>(body), options...);
  }
}

}  // namespace tenon
