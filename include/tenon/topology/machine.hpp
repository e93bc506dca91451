// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cassert>
#include <cstddef>
#include <string_view>
#include <vector>

namespace tenon {

/// Where one worker may run: a hardware thread, and what it shares with others.
///
/// Each number means one thing on the whole machine: two places share a core when their `core` is equal.
struct place {
  int processor = 0;  ///< the hardware thread, as the kernel numbers it
  int core = 0;       ///< hardware threads of one core have the same
  int node = 0;       ///< the NUMA node of its memory, as the kernel numbers it
  int cluster = 0;    ///< cores that share their last level of cache have the same

  friend bool operator==(const place&, const place&) = default;
};

/// What this process may use of the machine it runs on.
///
/// places       The hardware threads it may run on, in the order in which workers take them: each core once, near ones
///              side by side, before any core's second hardware thread. At least one.
/// concurrency  How many workers are worth having: as many as places, or as the CPU quota of the cgroup allows when
///              that is less (rounded up). At least 1. std::thread::hardware_concurrency() knows no quota.
/// note         A sentence for `describe`, with static lifetime; empty when all is as the policy says.
struct machine {
  std::vector<place> places = std::vector<place>(1);
  std::size_t concurrency = 1;
  std::string_view note = {};

  /// The place of a worker: worker i has place i, and the places go round when there are more workers.
  [[nodiscard]] const place& place_of(std::size_t worker) const noexcept {
    assert(!places.empty());
    return places[worker % places.size()];
  }

  friend bool operator==(const machine&, const machine&) = default;
};

}  // namespace tenon
