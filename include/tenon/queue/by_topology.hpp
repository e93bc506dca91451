// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/queue/mpmc.hpp>
#include <tenon/queue/mpsc.hpp>
#include <tenon/queue/spsc.hpp>

#include <cstddef>
#include <type_traits>

namespace tenon {

/// The default: the cheapest ring that the two ends of a channel allow, chosen at compile time.
///
/// | producers | consumers | ring    |
/// |-----------|-----------|---------|
/// | one       | one       | spsc<N> |
/// | many      | one       | mpsc<N> |
/// | any       | many      | mpmc<N> |
///
/// Where nobody says how many there are, `of` is the one that is always right: mpmc.
struct by_topology : family::queue {
  static constexpr auto word = fixed_string("by_topology");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = true;

  template <bool ManyProducers, bool ManyConsumers, std::size_t N>
  using choose = std::conditional_t<ManyConsumers, mpmc<N>, std::conditional_t<ManyProducers, mpsc<N>, spsc<N>>>;

  template <class T, class Threading = multi_thread>
  using of = typename mpmc<>::of<T, Threading>;
};

static_assert(policy_of<by_topology, family::queue>);

}  // namespace tenon
