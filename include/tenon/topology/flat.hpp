// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/result.hpp>
#include <tenon/topology/concept.hpp>
#include <tenon/topology/cpu_quota.hpp>
#include <tenon/topology/detail/affinity.hpp>
#include <tenon/topology/machine.hpp>

#include <cstddef>
#include <vector>

namespace tenon {

namespace detail {

/// As many as there are places, and no more than the quota, if there is one.
[[nodiscard]] inline std::size_t concurrency_of(std::size_t places, std::size_t quota = quota_below({})) noexcept {
  return quota != 0 && quota < places ? quota : places;
}

}  // namespace detail

/// A machine of equal processors: as many workers as the affinity mask and the cgroup's CPU quota allow, and the kernel
/// moves them as it likes. The default.
///
/// Cost     read: a few files of /proc and /sys. pin, unpin: nothing.
/// Threads  Any.
/// Errors   None: without /proc it counts the processors that are online, and knows no quota.
struct flat : family::topology {
  static constexpr auto word = fixed_string("flat");
  static constexpr bool pins = false;

  [[nodiscard]] static machine read() {
    const detail::affinity_mask allowed = detail::affinity_mask::of_this_thread();
    machine here{.places = std::vector<place>(allowed.count())};
    int next = 0;
    for (place& each : here.places) {
      next = allowed.next(next);
      each = {.processor = next, .core = next, .node = 0, .cluster = 0};
      ++next;
    }
    here.concurrency = detail::concurrency_of(here.places.size());
    return here;
  }

  /// How many workers are worth having: all that is asked of a machine whose places are not used.
  [[nodiscard]] static std::size_t concurrency() noexcept {
    return detail::concurrency_of(detail::affinity_mask::of_this_thread().count());
  }

  static result<void> pin(const machine& /*where*/, std::size_t /*worker*/) noexcept { return {}; }
  static result<void> unpin(const machine& /*where*/) noexcept { return {}; }
};

static_assert(topology_policy<flat>);

}  // namespace tenon
