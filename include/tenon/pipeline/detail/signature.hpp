// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <stop_token>
#include <type_traits>

namespace tenon::detail::weaving {

/// The parameter of a stage whose function is a template: not known until it is called.
struct any_type;

/// What a function takes, where its type says so: one parameter, or a std::stop_token behind it; no overloads, no
/// template.
template <class F>
struct signature {
  using takes = any_type;
};
template <class R, class X>
struct signature<R (*)(X)> {
  using takes = X;
};
template <class R, class X>
struct signature<R (*)(X) noexcept> {
  using takes = X;
};
template <class R, class C, class X>
struct signature<R (C::*)(X)> {
  using takes = X;
};
template <class R, class C, class X>
struct signature<R (C::*)(X) const> {
  using takes = X;
};
template <class R, class C, class X>
struct signature<R (C::*)(X) const noexcept> {
  using takes = X;
};
// What hears of a stop as well, and so is for workers of its own.
template <class R, class X>
struct signature<R (*)(X, std::stop_token)> {
  using takes = X;
};
template <class R, class C, class X>
struct signature<R (C::*)(X, std::stop_token) const> {
  using takes = X;
};
template <class F>
  requires requires { &F::operator(); }
struct signature<F> : signature<decltype(&F::operator())> {};

/// What `Function` gives for an X, or any_type where X is not known.
template <class Function, class X>
struct given_by {};
template <class Function, class X>
  requires(!std::is_same_v<X, any_type> && std::is_invocable_v<const Function&, X>)
struct given_by<Function, X> {
  using type = std::invoke_result_t<const Function&, X>;
};
template <class Function>
struct given_by<Function, any_type> {
  using type = any_type;
};

/// Whether `Function` goes behind something that gives Y. Arithmetic types must be the same: a double that silently
/// loses its fraction between two stages is what joints are checked for.
template <class Function, class Y, class X>
inline constexpr bool fits =
    std::is_invocable_v<const Function&, Y> &&
    (std::is_same_v<std::remove_cvref_t<Y>, std::remove_cvref_t<X>> || !std::is_arithmetic_v<std::remove_cvref_t<X>>);
template <class Function, class X>
inline constexpr bool fits<Function, any_type, X> = true;
template <class Function, class X>
inline constexpr bool fits<Function, void, X> = false;

}  // namespace tenon::detail::weaving
