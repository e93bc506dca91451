// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/observe/totals.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace tenon {

/// Contract of an observer: what one worker tells of itself.
///
/// spawned, ran, stole, dropped   That many tasks, tasks, tasks, items; 0 is allowed.
/// received, sent                 That many bytes.
/// parked, woke                   The worker is about to sleep; it is awake again. They alternate.
/// read                           The totals so far. Each number only grows. Two of them need not be of one instant.
/// Threads   The hooks: the worker alone. read: the worker; with a concurrent Threading any thread.
/// Cost      The hooks are on the hot path: no allocation, no read-modify-write, nothing that can fail.
template <class O>
concept observer = std::default_initializable<O> && requires(O mine, const O& other, std::size_t amount) {
  { mine.spawned(amount) } noexcept -> std::same_as<void>;
  { mine.ran(amount) } noexcept -> std::same_as<void>;
  { mine.stole(amount) } noexcept -> std::same_as<void>;
  { mine.dropped(amount) } noexcept -> std::same_as<void>;
  { mine.received(amount) } noexcept -> std::same_as<void>;
  { mine.sent(amount) } noexcept -> std::same_as<void>;
  { mine.parked() } noexcept -> std::same_as<void>;
  { mine.woke() } noexcept -> std::same_as<void>;
  { other.read() } noexcept -> std::same_as<totals>;
};

/// Contract of the observe family: `P::of<Threading>` is an observer, one a worker. Where `enabled` is false it is an
/// empty class and reads all zero: an unobserved runtime pays no byte.
template <class P>
concept observe_policy = policy_of<P, family::observe> && observer<typename P::template of<single_thread>> &&
                         observer<typename P::template of<multi_thread>> &&
                         requires {
                           { P::enabled } -> std::convertible_to<bool>;
                         } &&
                         (P::enabled || (std::is_empty_v<typename P::template of<single_thread>> &&
                                         std::is_empty_v<typename P::template of<multi_thread>>));

}  // namespace tenon
