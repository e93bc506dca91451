// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/epoll.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/errors.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/fwd.hpp>
#include <tenon/memory/recycling.hpp>
#include <tenon/memory/system.hpp>
#include <tenon/observe/off.hpp>
#include <tenon/queue/by_topology.hpp>
#include <tenon/runtime/basic_runtime.hpp>
#include <tenon/runtime/composition.hpp>
#include <tenon/scheduler/fifo.hpp>
#include <tenon/scheduler/stealing.hpp>
#include <tenon/topology/flat.hpp>

#include <type_traits>

namespace tenon {

/// A runtime, named by its parts, in any order; what is not named is the default.
///
///     struct edge : tenon::runtime<tenon::io_uring<>, tenon::stealing<>, tenon::mimalloc> {
///       using runtime::runtime;
///     };
///
/// Shape    An alias of basic_runtime with one policy a family, so that equal sentences are equal types. Name it with a
///          derived struct, as above: symbols and errors then carry your name instead of nine.
/// Cost     About half a millisecond of compile time a sentence.
/// Errors   One sentence: an argument that is no policy, or lacks what its family asks for; two of a family; a closed
///          door; words that do not go together (docs/legality.md).
template <class... Ps>
using runtime = decltype(detail::stand_for(static_cast<detail::answer<Ps...>*>(nullptr)));

static_assert(std::is_same_v<runtime<>, runtime<epoll, stealing<>, recycling<system>, by_topology, flat, multi_thread,
                                                off, steady, propagate>>);
static_assert(std::is_same_v<runtime<single_thread, epoll>, runtime<fifo, single_thread>>);

}  // namespace tenon
