// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/errors.hpp>
#include <tenon/fwd.hpp>
#include <tenon/observe/counters.hpp>

#include <type_traits>

namespace tenon {

/// A bag of policies, named once, used in many sentences. What a sentence says itself beats what its preset says, and
/// a word of the preset that does not go with the sentence is left out of it.
///
///     struct ours : tenon::preset<tenon::poll, tenon::stealing<>, tenon::counters> {};
///     using edge = tenon::runtime<ours, tenon::epoll>;          // epoll, stealing<>, counters
///     using tiny = tenon::runtime<ours, tenon::single_thread>;  // poll, fifo, counters
///
/// Cost     A few milliseconds of compile time more than writing the words out.
template <class... Ps>
struct preset : preset_tag {
  using policies = detail::policy_list<Ps...>;
};

/// To see what happens: one queue in order, everything counted, and an exception that nobody catches ends the program
/// where it was thrown.
struct development : preset<fifo, counters, terminate> {};

/// To run for long: the defaults by name, so that they stay when the defaults change, and counted.
struct production
    : preset<epoll, stealing<>, recycling<system>, by_topology, flat, multi_thread, counters, steady, propagate> {};

namespace detail {

// Not inline: each translation unit has its own.
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
constexpr bool door_io_uring = true;
#else
constexpr bool door_io_uring = false;
#endif
#if defined(TENON_WITH_MIMALLOC) && TENON_WITH_MIMALLOC
constexpr bool door_mimalloc = true;
#else
constexpr bool door_mimalloc = false;
#endif
#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC
constexpr bool door_hwloc = true;
#else
constexpr bool door_hwloc = false;
#endif

/// A type for each set of open doors, so that two translation units that open different ones do not give one name two
/// meanings.
template <bool IoUring, bool Mimalloc, bool Hwloc>
struct fastest
    : preset<std::conditional_t<IoUring, io_uring<>, epoll>, stealing<>,
             recycling<std::conditional_t<Mimalloc, mimalloc, system>>, std::conditional_t<Hwloc, hwloc, flat>, off> {};

}  // namespace detail

/// To run fast: of the parts whose doors are open those that go furthest (io_uring<>, recycling<mimalloc>, hwloc), and
/// nothing counted. `describe` says what it came to.
using high_performance = detail::fastest<detail::door_io_uring, detail::door_mimalloc, detail::door_hwloc>;

}  // namespace tenon
