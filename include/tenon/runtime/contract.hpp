// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/context.hpp>
#include <tenon/core/errors.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/fwd.hpp>
#include <tenon/memory/concept.hpp>
#include <tenon/observe/concept.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/runtime/detail/place.hpp>
#include <tenon/scheduler/concept.hpp>
#include <tenon/topology/concept.hpp>

#include <type_traits>

namespace tenon {

namespace detail {

template <class P, class Family>
inline constexpr bool keeps_contract = false;
// clang-format off
template <class P> inline constexpr bool keeps_contract<P, family::backend> = backend_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::scheduling> = scheduling_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::memory> = memory_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::queue> = queue_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::topology> = topology_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::threading> = threading_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::observe> = observe_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::clock> = clock_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::errors> = errors_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::context> = context_policy<P>;
// What a sentence means where it is silent is proven by its tests: to do it again would make, in every program, each of
// them for the threading that the program does not have.
template <> inline constexpr bool keeps_contract<epoll, family::backend> = true;
template <> inline constexpr bool keeps_contract<stealing<>, family::scheduling> = true;
template <> inline constexpr bool keeps_contract<fifo, family::scheduling> = true;
template <> inline constexpr bool keeps_contract<by_topology, family::queue> = true;
// clang-format on

template <class P>
consteval place find_place() {
  if constexpr (!complete<P>) {
    return place::undefined;
  } else if constexpr (std::is_base_of_v<preset_tag, P>) {
    return place::preset;
  } else if constexpr (!policy<P> || !std::is_same_v<P, std::remove_cv_t<P>>) {
    return place::stranger;
  } else if constexpr (family_place<typename P::family> == place::stranger) {
    return place::stranger;
  } else {
    return keeps_contract<P, typename P::family> ? family_place<typename P::family> : place::unusable;
  }
}

/// Asked once a policy, not once a runtime.
template <class P>
inline constexpr place place_of = find_place<P>();

}  // namespace detail

/// A policy that keeps the contract of its family: what a runtime is made of. `lacks<P>` says what is missing.
///
///     static_assert(tenon::complete_policy<my_backend>);
template <class P>
concept complete_policy =
    detail::place_of<P> >= detail::place::backend && detail::place_of<P> <= detail::place::context;

static_assert(complete_policy<single_thread>);
static_assert(!complete_policy<family::threading>);

}  // namespace tenon
