// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/loop.hpp>
#include <tenon/parallel/detail/stride.hpp>

#include <bit>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace tenon::detail {

/// a < b.
struct in_order {
  template <class T, class U>
  constexpr bool operator()(const T& a, const U& b) const {
    return a < b;
  }
};

/// Sorts in place by exchange: divides by a pivot and goes on with both sides, of which one may be stolen.
///
/// `before` says that an element stands left of the range which none in it is less than: the pivot of a division.
template <class It, class Less>
class quicksort {
  using value = std::iter_value_t<It>;
  using distance = std::iter_difference_t<It>;

  /// Cheap to copy: so much so that a mispredicted branch costs more.
  static constexpr bool is_small = std::is_trivially_copyable_v<value> && std::is_copy_constructible_v<value> &&
                                   std::is_copy_assignable_v<value> && sizeof(value) <= 16 &&
                                   std::is_same_v<std::iter_reference_t<It>, value&>;
  static constexpr distance few = is_small ? 24 : 16;        // inserted one by one
  static constexpr distance least_probed = 256;              // whether it is in order already, or nearly
  static constexpr distance least_forked = 1'024;            // some 20 us
  static constexpr distance least_divided_by_two = 100'000;  // below it one worker divides a range

 public:
  explicit quicksort(Less& less) noexcept : less_(less) {}

  void sort(It first, It last) {
    run(first, last, 2 * static_cast<int>(std::bit_width(static_cast<std::size_t>(last - first))), false);
  }

 private:
  void run(It first, It last, int depth, bool before) {
    for (;;) {
      const distance count = last - first;
      if (count <= few) return insert_each(first, last, before);
      if (count >= least_probed && is_sorted(first, last)) return;  // if not, that is seen soon
      if (depth-- == 0) return heap_sort(first, last);
      choose_pivot(first, last);
      if (before && !less_(*(first - 1), *first)) {  // as small as the one before: so are all that are not greater
        first = divide(first, last, [this](const value& pivot, const value& x) { return !less_(pivot, x); }) + 1;
        continue;
      }
      const It middle = divide(first, last, [this](const value& pivot, const value& x) { return less_(x, pivot); });
      if (count > least_forked) {
        (void)both([this, first, middle, depth, before] { run(first, middle, depth, before); },
                   [this, from = middle + 1, last, depth] { run(from, last, depth, true); });
        return;
      }
      run(first, middle, depth, before);
      first = middle + 1;
      before = true;
    }
  }

  [[nodiscard]] bool is_sorted(It first, It last) {
    for (It next = first + 1; next != last; ++first, ++next) {
      if (less_(*next, *first)) return false;
    }
    return true;
  }

  void order(It a, It b) {
    if (less_(*b, *a)) std::ranges::iter_swap(a, b);
  }
  /// The middle one comes to b.
  void order(It a, It b, It c) {
    order(a, b);
    order(b, c);
    order(a, b);
  }
  /// It comes to `first`.
  void choose_pivot(It first, It last) {
    const distance half = (last - first) / 2;
    const It middle = first + half;
    if (last - first > 128) {
      order(first, middle, last - 1);
      order(first + 1, middle - 1, last - 2);
      order(first + 2, middle + 1, last - 3);
      order(middle - 1, middle, middle + 1);
      std::ranges::iter_swap(first, middle);
    } else {
      order(middle, first, last - 1);
    }
  }

  /// Those that go left of the pivot, which stands at `first`, come first. Gives where it stands then.
  template <class GoesLeft>
  [[nodiscard]] It divide(It first, It last, GoesLeft goes_left) {
    It bound;
    if constexpr (is_small) {
      const value pivot = *first;
      bound = divided(first + 1, last, [&](const value& x) { return goes_left(pivot, x); });
    } else {
      const value& pivot = *first;
      bound = divided(first + 1, last, [&](const value& x) { return goes_left(pivot, x); });
    }
    --bound;
    if (bound != first) std::ranges::iter_swap(first, bound);
    return bound;
  }
  /// Both halves at once where somebody waits for work; then what is on the wrong side changes places.
  template <class IsLeft>
  [[nodiscard]] It divided(It first, It last, const IsLeft& is_left) {
    if (last - first < least_divided_by_two) return divided_here(first, last, is_left);
    fork_stack& own = *this_thread_storage.forks;
    if (!own.wanted() || own.give()) return divided_here(first, last, is_left);
    const It middle = first + (last - first) / 2;
    const auto [low, high] =
        both([&] { return divided(first, middle, is_left); }, [&] { return divided(middle, last, is_left); });
    const distance wrong_low = middle - low, wrong_high = high - middle;
    const distance most = wrong_low < wrong_high ? wrong_low : wrong_high;
    for (It a = low, b = high - most; b != high; ++a, ++b) std::ranges::iter_swap(a, b);
    return low + wrong_high;
  }
  template <class IsLeft>
  [[nodiscard]] It divided_here(It first, It last, const IsLeft& is_left) {
    if constexpr (is_small) {
      if (is_orderly(first, last)) return divided_by_exchange(first, last, is_left);
      const IsLeft here = is_left;
      It bound = first;
      for (; first != last; ++first) {
        const value x = *first;
        *first = *bound;
        *bound = x;
        bound += here(x) ? 1 : 0;
      }
      return bound;
    } else {
      return divided_by_exchange(first, last, is_left);
    }
  }
  template <class IsLeft>
  [[nodiscard]] static It divided_by_exchange(It first, It last, const IsLeft& is_left) {
    for (;; ++first) {
      while (first != last && is_left(*first)) ++first;
      do {
        if (first == last) return first;
        --last;
      } while (!is_left(*last));
      std::ranges::iter_swap(first, last);
    }
  }
  /// Whether some neighbours, here and there, rise nearly all or fall nearly all: then the processor foresees which
  /// elements are left, and those that stand right need not be written.
  [[nodiscard]] bool is_orderly(It first, It last) {
    if (last - first < least_probed) return false;
    const distance apart = (last - first) / 16;
    int falls = 0;
    for (distance i = 0; i < 16; ++i) falls += less_(first[i * apart + 1], first[i * apart]) ? 1 : 0;
    return falls <= 1 || falls >= 15;
  }

  void insert_each(It first, It last, bool before) {
    if (first == last) return;
    for (It next = first + 1; next != last; ++next) {
      It hole = next;
      if (!less_(*next, *(next - 1))) continue;
      value x = std::ranges::iter_move(next);
      if (before) {
        do {
          *hole = std::ranges::iter_move(hole - 1);
          --hole;
        } while (less_(x, *(hole - 1)));
      } else {
        do {
          *hole = std::ranges::iter_move(hole - 1);
          --hole;
        } while (hole != first && less_(x, *(hole - 1)));
      }
      *hole = std::move(x);
    }
  }

  /// What quicksort divides badly again and again.
  void heap_sort(It first, It last) {
    const distance count = last - first;
    for (distance at = count / 2; at-- > 0;) sink(first, at, count);
    for (distance end = count; --end > 0;) {
      std::ranges::iter_swap(first, first + end);
      sink(first, 0, end);
    }
  }
  void sink(It first, distance at, distance count) {
    for (distance child; (child = 2 * at + 1) < count; at = child) {
      if (child + 1 < count && less_(first[child], first[child + 1])) ++child;
      if (!less_(first[at], first[child])) return;
      std::ranges::iter_swap(first + at, first + child);
    }
  }

  Less& less_;
};

}  // namespace tenon::detail
