// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace tenon::detail {

/// How many elements, and which of them: what a loop counts, whatever it goes over.
using extent = std::uint64_t;

template <class T>
concept whole_number = std::integral<T> && !std::same_as<std::remove_cv_t<T>, bool>;

/// A loop's two ends: numbers, of which the elements are those between, or iterators.
template <class First, class Last>
concept bounds = (whole_number<First> && whole_number<Last>) ||
                 (std::random_access_iterator<First> && std::sized_sentinel_for<Last, First>);

/// No concept: what fails is told in a sentence, not by how it was found out.
template <class Range>
inline constexpr bool random_access = requires(Range& range) {
  { std::begin(range) } -> std::random_access_iterator;
  { std::end(range) - std::begin(range) } -> std::convertible_to<std::ptrdiff_t>;
};

/// Where the k-th element is: itself a number, or an iterator.
template <class Place>
struct places {
  Place first;

  [[nodiscard]] constexpr Place at(extent k) const {
    if constexpr (whole_number<Place>) {
      using unsigned_place = std::make_unsigned_t<Place>;
      return static_cast<Place>(static_cast<unsigned_place>(static_cast<unsigned_place>(first) + k));
    } else {
      return first + static_cast<std::iter_difference_t<Place>>(k);
    }
  }
  [[nodiscard]] static constexpr decltype(auto) element(const Place& at) {
    if constexpr (whole_number<Place>) {
      return Place(at);
    } else {
      return *at;
    }
  }
};
template <class Place>
using element_t = decltype(places<Place>::element(std::declval<const Place&>()));

template <class First, class Last>
struct place_between {
  using type = First;
};
template <whole_number First, whole_number Last>
struct place_between<First, Last> {
  using type = std::common_type_t<First, Last>;
};

template <class First, class Last>
[[nodiscard]] constexpr auto places_from(First first, const Last& /*last*/) {
  using index = typename place_between<First, Last>::type;
  return places<index>{static_cast<index>(std::move(first))};
}
template <class First, class Last>
[[nodiscard]] constexpr extent extent_of(const First& first, const Last& last) {
  if constexpr (whole_number<First>) {
    using index = typename place_between<First, Last>::type;
    const index from = static_cast<index>(first), to = static_cast<index>(last);
    return from < to ? static_cast<std::make_unsigned_t<index>>(static_cast<std::make_unsigned_t<index>>(to) -
                                                                static_cast<std::make_unsigned_t<index>>(from))
                     : 0;
  } else {
    const auto length = last - first;
    return length > 0 ? static_cast<extent>(length) : 0;
  }
}

/// A callable for the inner loop: a small one is copied there, so that what it captured is seen not to change.
template <class F, class... Args>
using at_hand =
    std::conditional_t<std::is_trivially_copyable_v<F> && std::is_copy_constructible_v<F> && sizeof(F) <= 64 &&
                           std::is_invocable_v<const F&, Args...> && !std::is_function_v<F>,
                       const F, F&>;

// Options: named values in any order behind what they concern.

template <class T>
inline constexpr bool is_option = false;

template <class Option, class... Options>
inline constexpr bool has_option = (std::is_same_v<Option, std::remove_cvref_t<Options>> || ...);

[[nodiscard]] constexpr extent least_of() noexcept { return 1; }
template <class Option, class... Options>
[[nodiscard]] constexpr extent least_of(const Option& option, const Options&... options) noexcept {
  if constexpr (requires { option.least; }) {
    return option.least == 0 ? 1 : option.least;
  } else {
    return least_of(options...);
  }
}

/// An operation that is not named is a sum.
struct sum_of {
  template <class T, class U>
  constexpr decltype(auto) operator()(T&& a, U&& b) const {
    return std::forward<T>(a) + std::forward<U>(b);
  }
};
/// An element as it is.
struct as_it_is {
  template <class T>
  constexpr T&& operator()(T&& element) const noexcept {
    return std::forward<T>(element);
  }
};

/// Calls `go(combine, map, options...)`, with those of the two that are not given.
template <class Go, class... Options>
  requires(is_option<Options> && ...)
decltype(auto) with_defaults(Go go, Options... options) {
  sum_of combine;
  as_it_is map;
  return go(combine, map, options...);
}
template <class Go, class Combine, class... Options>
  requires(!is_option<Combine> && (is_option<Options> && ...))
decltype(auto) with_defaults(Go go, Combine combine, Options... options) {
  as_it_is map;
  return go(combine, map, options...);
}
template <class Go, class Combine, class Map, class... Options>
  requires(!is_option<Combine> && !is_option<Map>)
decltype(auto) with_defaults(Go go, Combine combine, Map map, Options... options) {
  return go(combine, map, options...);
}

}  // namespace tenon::detail
