// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/result.hpp>
#include <tenon/topology/concept.hpp>
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

#include <dlfcn.h>

namespace tenon {

namespace detail {

/// The library itself, opened when it is first asked for: a program that names hwloc runs where it is not installed.
/// Once open it stays open.
///
/// Threads  Any.
/// Errors   What is not there, or is of another major version than the header, is false.
class hwloc_library {
 public:
#if HWLOC_API_VERSION >= 0x00020000 && HWLOC_API_VERSION < 0x00030000
  static constexpr const char* file = "libhwloc.so.15";  // what all of 2.x is called
#else
  static constexpr const char* file = "libhwloc.so";
#endif

  explicit hwloc_library(const char* name = file) noexcept : opened_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (opened_ == nullptr) return;
    decltype(&hwloc_get_api_version) version = nullptr;
    whole_ = find(version, "hwloc_get_api_version") && version() >> 16 == HWLOC_API_VERSION >> 16 &&
             find(init, "hwloc_topology_init") && find(load, "hwloc_topology_load") &&
             find(destroy, "hwloc_topology_destroy") && find(depth_of, "hwloc_get_type_depth") &&
             find(count_at, "hwloc_get_nbobjs_by_depth") && find(object_at, "hwloc_get_obj_by_depth") &&
             find(first_of, "hwloc_bitmap_first");
  }

  [[nodiscard]] explicit operator bool() const noexcept { return whole_; }

  decltype(&hwloc_topology_init) init = nullptr;
  decltype(&hwloc_topology_load) load = nullptr;
  decltype(&hwloc_topology_destroy) destroy = nullptr;
  decltype(&hwloc_get_type_depth) depth_of = nullptr;
  decltype(&hwloc_get_nbobjs_by_depth) count_at = nullptr;
  decltype(&hwloc_get_obj_by_depth) object_at = nullptr;
  decltype(&hwloc_bitmap_first) first_of = nullptr;

 private:
  template <class Function>
  [[nodiscard]] bool find(Function*& to, const char* name) const noexcept {
    to = reinterpret_cast<Function*>(::dlsym(opened_, name));  // as dlsym(3) says
    return to != nullptr;
  }

  void* opened_;
  bool whole_ = false;
};

/// Owns an hwloc topology, of this machine or of what hwloc's environment variables say.
class hwloc_topology_of {
 public:
  explicit hwloc_topology_of(const hwloc_library& library) noexcept : library_(library) {
    if (!library) return;
    if (library.init(&topology_) != 0) {
      topology_ = nullptr;
    } else {
      loaded_ = library.load(topology_) == 0;
    }
  }
  hwloc_topology_of(const hwloc_topology_of&) = delete;
  hwloc_topology_of& operator=(const hwloc_topology_of&) = delete;
  ~hwloc_topology_of() {
    if (topology_ != nullptr) library_.destroy(topology_);
  }

  [[nodiscard]] explicit operator bool() const noexcept { return loaded_; }

  [[nodiscard]] unsigned count(hwloc_obj_type_t type) const noexcept {
    const int depth = library_.depth_of(topology_, type);
    return depth == HWLOC_TYPE_DEPTH_UNKNOWN || depth == HWLOC_TYPE_DEPTH_MULTIPLE
               ? 0
               : static_cast<unsigned>(library_.count_at(topology_, depth));
  }
  /// The i-th of a type that there are more than i of.
  [[nodiscard]] hwloc_obj_t object(hwloc_obj_type_t type, unsigned i) const noexcept {
    return library_.object_at(topology_, library_.depth_of(topology_, type), i);
  }
  /// The lowest NUMA node of an object, as the kernel numbers it.
  [[nodiscard]] int node_of(hwloc_obj_t object) const noexcept {
    const int node = object->nodeset != nullptr ? library_.first_of(object->nodeset) : 0;
    return node < 0 ? 0 : node;
  }

 private:
  const hwloc_library& library_;
  hwloc_topology_t topology_ = nullptr;
  bool loaded_ = false;
};

/// The places of a loaded topology that `usable(processor)` admits, in the order `machine` documents.
///
/// What cores share last is the third level of cache; where there is none, their package; where there is none, a node.
template <class Usable>
[[nodiscard]] std::vector<tenon::place> hwloc_places(const hwloc_topology_of& topology, Usable usable) {
  struct ranked {
    tenon::place at;
    int rank;  // 0: the first hardware thread of its core that is usable, 1: the second...
  };
  const hwloc_obj_type_t cluster_type = topology.count(HWLOC_OBJ_L3CACHE) > 0 ? HWLOC_OBJ_L3CACHE : HWLOC_OBJ_PACKAGE;
  const auto around = [](hwloc_obj_t object, hwloc_obj_type_t type) {
    while (object != nullptr && object->type != type) object = object->parent;
    return object;
  };
  std::vector<ranked> found;
  int ranks = 0;
  // hwloc's own order puts what is near side by side, so the hardware threads of a core follow one another
  for (unsigned i = 0; i < topology.count(HWLOC_OBJ_PU); ++i) {
    const hwloc_obj_t pu = topology.object(HWLOC_OBJ_PU, i);
    const auto processor = static_cast<int>(pu->os_index);
    if (!usable(processor)) continue;
    const auto logical = [](hwloc_obj_t object) { return static_cast<int>(object->logical_index); };
    const hwloc_obj_t core = around(pu, HWLOC_OBJ_CORE);
    const hwloc_obj_t cluster = around(pu, cluster_type);
    const int node = topology.node_of(pu);
    ranked next{{.processor = processor,
                 .core = logical(core != nullptr ? core : pu),
                 .node = node,
                 .cluster = cluster != nullptr ? logical(cluster) : node},
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
/// The library is opened at run time: to compile needs its header, to run needs nothing.
///
/// Cost     read: some milliseconds (hwloc looks through /sys). pin, unpin: one system call.
/// Threads  Any.
/// Errors   No library, one that cannot read the machine, or one that knows none of the processors this thread may run
///          on (HWLOC_XMLFILE of another machine): read gives what `flat` gives, and a note. A kernel that does not let
///          threads be pinned: read gives the places and a note; workers run where the kernel puts them. pin: see
///          topology_policy.
/// Source   Broquedis et al.: "hwloc: a generic framework for managing hardware affinities", PDP 2010.
struct hwloc : family::topology {
  static constexpr auto word = fixed_string("hwloc");
  static constexpr bool pins = true;
  static constexpr bool knows_nodes = true;

  [[nodiscard]] static machine read() { return read_by(detail::hwloc_library()); }

  /// The same by a library that is named: a test names one that is not there.
  [[nodiscard]] static machine read_by(const detail::hwloc_library& library) {
    if (!library) {
      return flat_with("hwloc: libhwloc is not on this machine, or of another version: the places are those of flat");
    }
    const detail::hwloc_topology_of topology(library);
    if (!topology) {
      return flat_with("hwloc: it cannot read the topology of this machine: the places are those of flat");
    }
    const detail::affinity_mask allowed = detail::affinity_mask::of_this_thread();
    machine here;
    here.places = detail::hwloc_places(topology, [&](int p) { return allowed.has(p); });
    if (here.places.empty()) {
      return flat_with("hwloc: it knows no processor that this thread may run on: the places are those of flat");
    }
    here.concurrency = detail::concurrency_of(here.places.size());
    // Asks for what is so already: whether one may ask.
    if (!allowed.apply())
      here.note = "hwloc: the kernel does not let threads be pinned here: workers run where it likes";
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
