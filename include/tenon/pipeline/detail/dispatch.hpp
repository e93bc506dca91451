// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <type_traits>

namespace tenon::detail::weaving {

/// Calls f(index) with a constant that equals `index`, which is less than N: one switch, as one writes it by hand.
template <std::size_t N, std::size_t Base = 0, class F>
constexpr decltype(auto) at_index(std::size_t index, F&& f) {
  // A case that is too many is the last one again, which is no case of its own.
  constexpr auto within = [](std::size_t i) { return Base + i < N ? Base + i : N - 1; };
  switch (index - Base) {
    case 0: return f(std::integral_constant<std::size_t, within(0)>{});
    case 1: return f(std::integral_constant<std::size_t, within(1)>{});
    case 2: return f(std::integral_constant<std::size_t, within(2)>{});
    case 3: return f(std::integral_constant<std::size_t, within(3)>{});
    case 4: return f(std::integral_constant<std::size_t, within(4)>{});
    case 5: return f(std::integral_constant<std::size_t, within(5)>{});
    case 6: return f(std::integral_constant<std::size_t, within(6)>{});
    case 7: return f(std::integral_constant<std::size_t, within(7)>{});
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
