// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace tenon::detail {

template <std::size_t I, class P>
struct numbered {};
template <class Indices, class... Ps>
struct numbers;
template <std::size_t... Is, class... Ps>
struct numbers<std::index_sequence<Is...>, Ps...> : numbered<Is, Ps>... {};

template <std::size_t I, class P>
std::type_identity<P> pick(const numbered<I, P>*);

/// The I-th of Ps.
template <std::size_t I, class... Ps>
using nth = typename decltype(pick<I>(static_cast<numbers<std::index_sequence_for<Ps...>, Ps...>*>(nullptr)))::type;

}  // namespace tenon::detail
