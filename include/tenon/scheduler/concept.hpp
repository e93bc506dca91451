// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/core/work.hpp>

#include <concepts>
#include <cstddef>

namespace tenon {

/// Contract of the scheduling family: which ready item a worker runs next, and which worker runs a new one.
///
/// `P::shared<Threading>` is one a runtime, made with the number of workers; `P::local<Threading>` one a worker, made
/// with the shared part and the worker's index. A shared part that can also be made of (number of workers, machine) is,
/// where the topology reads a machine: it may look at the places of the workers then.
///
/// shares            Whether any worker may run any ready item. Then a worker that makes something ready wakes a
///                   sleeping one; otherwise it wakes the worker it gave it to.
/// local.push(item)  Owner: an item that goes on (it ran before on this worker).
/// local.start(item) Owner: a new item. Gives the index of the worker that got it.
/// local.next()      Owner: the next item from what is near, or nullptr.
/// local.find()      Owner: an item from elsewhere: what was injected, what can be stolen; or nullptr.
/// local.stolen()    Owner: how many items find() has taken from other workers since it was last asked.
/// local.idle()      Owner: nothing that this worker may run was anywhere at some instant during the call. Whatever
/// became
///                   ready before a sequentially consistent operation that the caller made before is seen.
/// shared.inject     Any thread: a new item from outside. Gives the index of the worker that got it.
/// shared.give       Any thread: an item that must go on where it was, at worker `index`, if tasks are bound to
/// workers.
///                   Gives the index of the worker that got it.
/// Nothing is ever refused: posts are not dropped.
///
/// A policy whose workers keep some items to themselves for a while (stealing<split>) has local.published() too:
/// whether next() or find() has let others see something since it was last asked. The worker calls one that sleeps
/// then.
///
/// A policy with `static constexpr std::size_t levels` above 1 takes a `tenon::level` after the item too, in push,
/// start, inject and give; without one it means the level that is meant where none is said.
template <class P>
concept scheduling_policy =
    policy_of<P, family::scheduling> && requires(typename P::template shared<multi_thread> shared,
                                                 typename P::template local<multi_thread> local, work& item) {
      { P::shares } -> std::convertible_to<bool>;
      { local.push(item) } noexcept -> std::same_as<void>;
      { local.start(item) } noexcept -> std::same_as<std::size_t>;
      { local.next() } noexcept -> std::same_as<work*>;
      { local.find() } noexcept -> std::same_as<work*>;
      { local.stolen() } noexcept -> std::same_as<std::size_t>;
      { local.idle() } noexcept -> std::same_as<bool>;
      { shared.inject(item) } noexcept -> std::same_as<std::size_t>;
      { shared.give(item, std::size_t{}) } noexcept -> std::same_as<std::size_t>;
    };

namespace detail {

/// Among how many levels a scheduling policy tells its items apart.
template <class P>
inline constexpr std::size_t levels_of = 1;
template <class P>
  requires requires { P::levels; }
inline constexpr std::size_t levels_of<P> = P::levels;

}  // namespace detail

}  // namespace tenon
