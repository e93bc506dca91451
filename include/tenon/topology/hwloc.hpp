// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/result.hpp>
#include <tenon/topology/concept.hpp>
#include <tenon/topology/cpu_quota.hpp>
#include <tenon/topology/detail/affinity.hpp>
#include <tenon/topology/flat.hpp>
#include <tenon/topology/machine.hpp>

#include <cerrno>
#include <cstddef>
#include <string_view>
#include <vector>

#if !__has_include(<hwloc.h>)
#error "tenon::hwloc: <hwloc.h> is not here; install libhwloc-dev, or name tenon::flat"
#endif
#include <hwloc.h>

namespace tenon {

namespace detail {

/// Owns an hwloc topology.
class hwloc_handle {
 public:
  hwloc_handle() noexcept {
    if (hwloc_topology_init(&topology_) != 0) topology_ = nullptr;
  }
  hwloc_handle(const hwloc_handle&) = delete;
  hwloc_handle& operator=(const hwloc_handle&) = delete;
  ~hwloc_handle() {
    if (topology_ != nullptr) hwloc_topology_destroy(topology_);
  }

  [[nodiscard]] explicit operator bool() const noexcept { return topology_ != nullptr; }
  [[nodiscard]] hwloc_topology_t get() const noexcept { return topology_; }

 private:
  hwloc_topology_t topology_ = nullptr;
};

/// What cores share last: the third level of cache, else (where there is none) their package.
[[nodiscard]] inline hwloc_obj_type_t hwloc_cluster_type(hwloc_topology_t topology) noexcept {
  return hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L3CACHE) > 0 ? HWLOC_OBJ_L3CACHE : HWLOC_OBJ_PACKAGE;
}

/// The places of a loaded topology that `usable(processor)` admits, in the order `machine` documents.
template <class Usable>
[[nodiscard]] std::vector<tenon::place> hwloc_places(hwloc_topology_t topology, Usable usable) {
  struct ranked {
    tenon::place at;
    int rank;  // 0: the first hardware thread of its core that is usable, 1: the second...
  };
  const hwloc_obj_type_t cluster_type = hwloc_cluster_type(topology);
  std::vector<ranked> found;
  int ranks = 0;
  // hwloc's own order puts what is near side by side, so the hardware threads of a core follow one another
  for (hwloc_obj_t pu = nullptr; (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != nullptr;) {
    const auto processor = static_cast<int>(pu->os_index);
    if (!usable(processor)) continue;
    const auto logical = [](hwloc_obj_t object) { return static_cast<int>(object->logical_index); };
    const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    const hwloc_obj_t cluster = hwloc_get_ancestor_obj_by_type(topology, cluster_type, pu);
    const int node = pu->nodeset != nullptr ? hwloc_bitmap_first(pu->nodeset) : 0;
    ranked next{{.processor = processor,
                 .core = logical(core != nullptr ? core : pu),
                 .node = node < 0 ? 0 : node,
                 .cluster = cluster != nullptr ? logical(cluster) : 0},
                0};
    if (!found.empty() && found.back().at.core == next.at.core) next.rank = found.back().rank + 1;
    if (next.rank >= ranks) ranks = next.rank + 1;
    found.push_back(next);
  }
  std::vector<tenon::place> places;
  places.reserve(found.size());
  for (int rank = 0; rank < ranks; ++rank) {
    for (const ranked& one : found) {
      if (one.rank == rank) places.push_back(one.at);
    }
  }
  return places;
}

}  // namespace detail

/// The machine as it is: cores, caches and NUMA nodes, and worker i kept on place i. For memory-bound and NUMA work.
///
///     struct app : tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::hwloc> { using runtime::runtime; };
///
/// Cost     read: some milliseconds (hwloc looks through /sys). pin, unpin: one system call.
/// Threads  Any.
/// Errors   hwloc failing at run time: read gives what `flat` gives, and a note. pin: see topology_policy.
/// Source   Broquedis et al.: "hwloc: a generic framework for managing hardware affinities", PDP 2010.
struct hwloc : family::topology {
  static constexpr auto word = fixed_string("hwloc");
  static constexpr bool pins = true;

  [[nodiscard]] static machine read() {
    const detail::hwloc_handle topology;
    if (!topology || hwloc_topology_load(topology.get()) != 0) {
      return flat_with("hwloc could not read the topology of this machine: the places are those of flat");
    }
    const detail::affinity_mask allowed = detail::affinity_mask::of_this_thread();
    machine here;
    here.places = detail::hwloc_places(topology.get(), [&](int p) { return allowed.has(p); });
    if (here.places.empty()) {
      return flat_with("hwloc knows no processor that this thread may run on: the places are those of flat");
    }
    here.concurrency = detail::concurrency_of(here.places.size(), cpu_quota());
    return here;
  }

  static result<void> pin(const machine& where, std::size_t worker) noexcept {
    detail::affinity_mask mask;
    if (where.places.empty() || !mask.add(where.place_of(worker).processor)) return error_of(EINVAL);
    return mask.apply();
  }

  static result<void> unpin(const machine& where) noexcept {
    detail::affinity_mask mask;
    for (const place& each : where.places) {
      if (!mask.add(each.processor)) return error_of(EINVAL);
    }
    return mask.apply();
  }

 private:
  static machine flat_with(std::string_view note) {
    machine here = flat::read();
    here.note = note;
    return here;
  }
};

static_assert(topology_policy<hwloc>);

}  // namespace tenon
