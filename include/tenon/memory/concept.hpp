// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace tenon {

/// Contract of an arena: the memory of one worker.
///
/// allocate     A block of at least `bytes` bytes (0 counts as 1), aligned to alignof(std::max_align_t); never null.
///              Errors: std::bad_alloc when there is none left (terminates with -fno-exceptions).
/// deallocate   Takes back a block of the same policy; `bytes` is what was asked for.
/// Threads      One at a time. It may be made on one thread and used on another.
/// Lifetime     Never moves. What it kept for reuse is freed with it; a block still in use outlives it.
///
/// An arena may also have `settle(int node)`. The worker's thread calls it before its first block, with the NUMA node
/// of its place, or -1 where the topology knows but one. It gives an object that lives as long as the worker runs, and
/// whose `bring(void* first, std::size_t bytes) const` is told of memory of the worker that was made before.
///
/// A policy may have `exchange<Threading>`, made once a runtime of several threads, and then its arenas have
/// `join(exchange&)`, which the worker's thread calls behind settle: there they may pass blocks on to each other.
template <class A>
concept memory_arena = std::default_initializable<A> && !std::is_move_constructible_v<A> &&
                       !std::is_move_assignable_v<A> && requires(A arena, void* chunk, std::size_t bytes) {
                         { arena.allocate(bytes) } -> std::same_as<void*>;
                         { arena.deallocate(chunk, bytes) } noexcept -> std::same_as<void>;
                       };

/// Contract of the memory family: where coroutine frames, task nodes and buffers come from.
///
/// arena             One a worker: a memory_arena.
/// obtain, release   The same as allocate and deallocate, for a thread that has no arena. Any thread, at any time.
///
/// All blocks of a policy are alike: got by allocate or by obtain, a block may be given back to any arena of the
/// policy, on any thread, or to release. Two blocks that are alive do not overlap.
template <class P>
concept memory_policy =
    policy_of<P, family::memory> && memory_arena<typename P::arena> && requires(void* chunk, std::size_t bytes) {
      { P::obtain(bytes) } -> std::same_as<void*>;
      { P::release(chunk, bytes) } noexcept -> std::same_as<void>;
    };

}  // namespace tenon
