// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <type_traits>

namespace tenon::detail::weaving {

template <std::size_t N, std::size_t I, class F>
constexpr decltype(auto) call_at(F& f) {
  if constexpr (I < N) {
    return f(std::integral_constant<std::size_t, I>{});
  } else {  // no index is that large: of one type with the others
    __builtin_unreachable();
    return f(std::integral_constant<std::size_t, N - 1>{});
  }
}

/// Calls f(index) with a constant that equals `index`, which is less than N: one switch, as one writes it by hand.
template <std::size_t N, std::size_t Base = 0, class F>
constexpr decltype(auto) at_index(std::size_t index, F&& f) {
  switch (index - Base) {
    case 0: return call_at<N, Base + 0>(f);
    case 1: return call_at<N, Base + 1>(f);
    case 2: return call_at<N, Base + 2>(f);
    case 3: return call_at<N, Base + 3>(f);
    case 4: return call_at<N, Base + 4>(f);
    case 5: return call_at<N, Base + 5>(f);
    case 6: return call_at<N, Base + 6>(f);
    case 7: return call_at<N, Base + 7>(f);
    default:
      if constexpr (Base + 8 < N) {
        return at_index<N, Base + 8>(index, f);
      } else {
        __builtin_unreachable();
      }
  }
}

/// A list of types without those that are in it already.
template <class...>
struct types_of {};
template <class Seen, class... Rest>
struct distinct {
  using type = Seen;
};
template <class... Seen, class First, class... Rest>
struct distinct<types_of<Seen...>, First, Rest...>
    : distinct<std::conditional_t<(std::is_same_v<Seen, First> || ...), types_of<Seen...>, types_of<Seen..., First>>,
               Rest...> {};

}  // namespace tenon::detail::weaving
