// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace tenon::detail::weaving {

/// Whether T is an again<...>: feedback.hpp says which are.
template <class T>
inline constexpr bool is_again = false;

/// Whether it is one, or a list of types, such as a std::variant, that has one.
template <class T>
inline constexpr bool goes_back = is_again<T>;
template <template <class...> class List, class... Ts>
inline constexpr bool goes_back<List<Ts...>> = is_again<List<Ts...>> || (is_again<Ts> || ...);

}  // namespace tenon::detail::weaving
