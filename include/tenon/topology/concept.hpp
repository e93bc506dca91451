// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>
#include <tenon/core/result.hpp>
#include <tenon/topology/machine.hpp>

#include <concepts>
#include <cstddef>

namespace tenon {

/// Contract of the topology family: how many workers there should be, and where each of them runs.
///
/// read     What the calling thread may use of the machine. It always has an answer; `note` says when it is a lesser
///          one than the policy promises. Errors: std::bad_alloc only.
/// pins     Whether pin does anything at all.
/// pin      Keeps the calling thread, as worker `worker`, on its place of `where`. Errors: EINVAL when the machine has
///          no such processor (any more), EPERM; the thread then runs where it ran. Without `pins`: does nothing, is
///          well.
/// unpin    Gives the calling thread all places of `where` again: for worker 0, which is the caller of run(), and
///          whose later threads would inherit its one place. Errors as of pin.
/// Threads  All of them: any thread.
///
/// A policy whose places tell their nodes says `knows_nodes = true`: `numa<M>` asks for it.
template <class P>
concept topology_policy = policy_of<P, family::topology> && requires(const machine& where, std::size_t worker) {
  { P::pins } -> std::convertible_to<bool>;
  { P::read() } -> std::same_as<machine>;
  { P::pin(where, worker) } noexcept -> std::same_as<result<void>>;
  { P::unpin(where) } noexcept -> std::same_as<result<void>>;
};

}  // namespace tenon
