// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/memory/concept.hpp>
#include <tenon/memory/detail/node_arena.hpp>
#include <tenon/memory/detail/node_calls.hpp>
#include <tenon/memory/recycling.hpp>

#include <cstddef>
#include <string_view>

namespace tenon {

namespace detail {

/// Upstream's exchange, one a node, if it has any.
template <class Upstream>
struct exchange_near {};
template <class Upstream>
  requires requires { typename Upstream::template exchange<multi_thread>; }
struct exchange_near<Upstream> {
  template <class Threading>
  using exchange = exchange_by_node<typename Upstream::template exchange<Threading>>;
};

}  // namespace detail

/// Memory of Upstream, each worker's on the NUMA node that its topology gave it: frames, buffers and pools because its
/// thread touches them first, the worker itself and its deque because they are moved there when it starts.
///
///     struct app : tenon::runtime<tenon::hwloc, tenon::numa<>> { using runtime::runtime; };
///
/// Shape    An int more than Upstream's arena. numa<> is numa<recycling<system>>; it stands outermost.
/// Cost     On a machine with one node none: the calls are Upstream's and no others. Else three system calls when a
///          worker starts, and one when it ends. A block is Upstream's in either case.
/// Threads  As Upstream. What obtain gives, to a thread that is no worker, lies where that thread puts it.
/// Errors   What Upstream does. A kernel that refuses (a container without CAP_SYS_NICE) leaves memory as it is, and
///          describe(rt) says so. A node that is full gives way to the others.
///          A block that is freed on another node stays there for that worker to use again: tasks that are stolen
///          across nodes carry memory with them. stealing takes from its own node first; affinity does not move tasks.
/// Source   Linux: set_mempolicy(2), move_pages(2), Documentation/admin-guide/mm/numa_memory_policy.rst.
template <class Upstream = recycling<system>>
struct numa : family::memory, detail::exchange_near<Upstream> {
  static_assert(
      detail::serves<Upstream>,
      "tenon::numa<Upstream>: Upstream is not a memory policy; write numa<recycling<system>>, or a class that "
      "derives from tenon::family::memory and satisfies tenon::memory_policy");

  static constexpr auto word = fixed_string("numa<") + detail::upstream_word<Upstream> + fixed_string(">");

  [[nodiscard]] static void* obtain(std::size_t bytes) { return Upstream::obtain(bytes); }
  static void release(void* chunk, std::size_t bytes) noexcept { Upstream::release(chunk, bytes); }

  using arena = detail::node_arena<typename Upstream::arena, detail::node_calls>;

  /// What describe(rt) has to say of it on a machine with several nodes.
  [[nodiscard]] static std::string_view note() noexcept {
    detail::node_calls::choice now;
    // asks for what is so already: whether one may ask
    if (detail::node_calls::chosen(now) && detail::node_calls::choose(now)) return {};
    return "numa: the kernel does not let memory be placed here: it lies where it is first touched";
  }
};

static_assert(memory_policy<numa<>>);

}  // namespace tenon
