// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/detail/extent.hpp>
#include <tenon/parallel/detail/quicksort.hpp>

#include <iterator>
#include <type_traits>
#include <utility>

namespace tenon {

/// Sorts the elements between `first` and `last`, side by side where a worker is free. Equal ones may change places.
///
///     tenon::parallel_sort(names);
///     tenon::parallel_sort(first, last, [](const order& a, const order& b) { return a.price < b.price; });
///
/// Shape    Random-access iterators to what can be moved, or a range of them; `less(a, b)` is a strict weak order.
/// Cost     O(n log n) calls of `less`, in place. Elements that are copied bytewise and are no larger than 16 bytes are
///          divided without a branch, which is twice as fast as std::sort when the order is random; where neighbours
///          are in order nearly all, with one. What is in order is only looked at.
/// Threads  As fork_join. `less` is called from several workers at once.
/// Errors   What leaves `less` or a move leaves here; the elements are then in no order, and one may be moved from.
/// Source   C. Hoare, "Quicksort", 1962; O. Peters, "Pattern-defeating Quicksort", 2021 (equal elements); S. Edelkamp
///          and A. Weiss, "BlockQuicksort", 2016 (no branch); the division is N. Lomuto's.
template <std::random_access_iterator It, class Less = detail::in_order>
void parallel_sort(It first, It last, Less less = {}) {
  static_assert(std::is_invocable_r_v<bool, Less&, std::iter_reference_t<It>, std::iter_reference_t<It>>,
                "tenon::parallel_sort(first, last, less): less(a, b) cannot be called with two elements; write "
                "[](const T& a, const T& b) { return ...; }");
  if (last - first < 2) return;
  detail::quicksort<It, Less>(less).sort(first, last);
}

/// The same for a range.
template <class Range, class Less = detail::in_order>
  requires(!std::random_access_iterator<Range>)
void parallel_sort(Range&& range, Less less = {}) {
  static_assert(detail::random_access<Range>,
                "tenon::parallel_sort(range): the range has no random access; collect it into a std::vector first");
  if constexpr (detail::random_access<Range>) {
    parallel_sort(std::begin(range), std::end(range), std::move(less));
  }
}

}  // namespace tenon
