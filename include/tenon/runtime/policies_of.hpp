// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/meta.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/fwd.hpp>

namespace tenon {

namespace detail {

template <class... Ps>
constexpr auto by_family(policy_list<Ps...>) {
  return hana::make_map(hana::make_pair(hana::type_c<typename Ps::family>, hana::type_c<Ps>)...);
}

}  // namespace detail

/// The policies of a runtime as a hana::map from family to policy, both as hana::type.
///
///     using backend = typename decltype(+tenon::policies_of<edge>[hana::type_c<tenon::family::backend>])::type;
///     hana::for_each(hana::values(tenon::policies_of<edge>), [](auto p) { /* decltype(p)::type */ });
///
/// Cost  About 10 ms of compile time a runtime type: the way out of a sentence, for who wants to compute with it. One
///       policy alone is also a member of the runtime (`edge::backend`), which costs nothing.
template <class R>
inline constexpr auto policies_of = detail::by_family(typename R::policies{});

}  // namespace tenon
