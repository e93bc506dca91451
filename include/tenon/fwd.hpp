// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <tenon/core/fixed_string.hpp>

/// Names without their definitions: the words that composition knows by heart, those behind a door, and the runtime.
///
/// A word behind a door is declared here whether or not its door is open, so that naming it while it is closed is
/// answered with a sentence that says how to open it, and not with "undeclared". The same goes for a word whose header
/// tenon.hpp leaves out for what it costs to compile.

namespace tenon {

// backend
struct none;
struct poll;
struct epoll;
template <class... Options>
struct io_uring;  // door: TENON_WITH_IO_URING
struct libuv;     // door: TENON_WITH_LIBUV

// scheduling
struct fifo;
template <class... Options>
struct affinity;
template <std::size_t Levels, class... Options>
struct priority;
template <class... Options>
struct stealing;
struct chase_lev;  // <tenon/scheduler/chase_lev.hpp>
struct split;      // <tenon/scheduler/split.hpp>
template <decltype(sizeof 0) K = 3>
struct lifo_slot;  // <tenon/scheduler/lifo_slot.hpp>

// memory
struct system;
template <class Upstream>
struct recycling;
struct mimalloc;  // door: TENON_WITH_MIMALLOC
template <class Upstream>
struct numa;
template <auto... Resource>
struct pmr;

// queue
struct by_topology;
template <decltype(sizeof 0) Segment = 256>
struct unbounded;  // <tenon/queue/unbounded.hpp>
template <decltype(sizeof 0) N = 1024>
struct boost_spsc;  // <tenon/queue/boost_spsc.hpp>
template <decltype(sizeof 0) N = 1024>
struct boost_mpmc;  // <tenon/queue/boost_mpmc.hpp>

// topology
struct flat;
struct hwloc;  // door: TENON_WITH_HWLOC
template <fixed_string Levels>
struct synthetic;

// threading
struct multi_thread;
struct single_thread;

// observe
struct off;
struct counters;

// clock
struct steady;
struct virtual_clock;

// errors
struct propagate;
struct terminate;

// context
template <class... Slots>
struct context;

template <class Backend, class Scheduling, class Memory, class Queue, class Topology, class Threading, class Observe,
          class Clock, class Errors, class Context>
class basic_runtime;

// net: each is defined by the header of its name, less `basic_`
template <class R>
class basic_tcp_stream;
template <class R>
class basic_tcp_listener;
template <class R>
class basic_signals;
template <class R>
class basic_unix_stream;
template <class R>
class basic_unix_listener;
template <class R>
class basic_udp_socket;
template <class R>
class basic_file;

template <class T>
class task;  // <tenon/task/task.hpp>
template <class R>
class basic_scheduler;  // <tenon/runtime/senders.hpp>
template <class R>
class embedding;  // <tenon/runtime/embedding.hpp>

/// What a preset derives from: see runtime/presets.hpp.
struct preset_tag {
  using family = preset_tag;
};

namespace detail {

/// Policies as a list of types; a runtime's own has one a family, in the order of basic_runtime.
template <class... Ps>
struct policy_list {};

}  // namespace detail

}  // namespace tenon
