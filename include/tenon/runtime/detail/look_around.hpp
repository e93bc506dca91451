// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace tenon::detail {

struct headcount {
  std::size_t concurrency;
};

/// The machine; or how many workers it is good for, of a topology that can tell that alone and binds nobody to a place.
/// Then the list of places, sixty functions of compile time, is in no program that does not use it.
template <class Topology>
[[nodiscard]] auto look_around() {
  if constexpr (!Topology::pins && !requires { Topology::knows_nodes; } && requires { Topology::concurrency(); }) {
    return headcount{Topology::concurrency()};
  } else {
    return Topology::read();
  }
}

/// An arena that wants to know the NUMA node of its worker: see memory/concept.hpp.
template <class Arena>
concept settles = requires(Arena arena, int node) { arena.settle(node); };

}  // namespace tenon::detail
