// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace tenon {

/// Contract of a queue of T: what stands between two parties.
///
/// try_push       true: the queue has taken the item. false: it was full, and the item is as it was.
/// try_pop        The oldest item, or nullopt when there was none. What one producer pushed comes out in its order.
/// size_estimate  How many items there are; exact when nobody pushes or pops meanwhile, never above capacity.
/// capacity       How many items it holds; of an unbounded queue the largest std::size_t.
/// Threads        Those that the policy allows push and pop at once; one alone constructs and destroys. Who pops an
///                item sees all that its producer did before it pushed.
/// Errors         Nothing throws. The destructor destroys what was not popped.
template <class Q, class T>
concept queue_for = std::is_default_constructible_v<Q> && !std::is_copy_constructible_v<Q> &&
                    requires(Q queue, const Q& fixed, T&& item) {
                      { queue.try_push(std::move(item)) } noexcept -> std::same_as<bool>;
                      { queue.try_pop() } noexcept -> std::same_as<std::optional<T>>;
                      { fixed.size_estimate() } noexcept -> std::same_as<std::size_t>;
                      { Q::capacity } -> std::convertible_to<std::size_t>;
                    };

/// What the rings also do, cheaper than one by one: one publication, one ticket or one lock for all.
///
/// try_push_some  Moves the first n items in, in their order, and says n: fewer than all when there was room for fewer.
///                The others are as they were.
/// try_pop_some   Moves the n oldest items into the first n places, and says n: fewer than all when there were fewer.
///                With many consumers they stand one behind the other in the queue.
template <class Q, class T>
concept batched_queue_for = queue_for<Q, T> && requires(Q queue, std::span<T> items) {
  { queue.try_push_some(items) } noexcept -> std::same_as<std::size_t>;
  { queue.try_pop_some(items) } noexcept -> std::same_as<std::size_t>;
};

/// Contract of the queue family.
///
///     struct my_queue : tenon::family::queue {
///       static constexpr auto word = tenon::fixed_string("my_queue");
///       static constexpr bool many_producers = true, many_consumers = false, bounded = true;
///       template <class T, class Threading = tenon::multi_thread> class of { /* a queue_for<T> */ };
///     };
///
/// `many_producers` and `many_consumers`: whether several threads may push, or pop, at once. With `single_thread` for
/// Threading, `of` emits nothing atomic. A policy whose queues cannot hold every T that moves and is destroyed without
/// throwing says so: `template <class T> static constexpr bool holds`.
template <class P>
concept queue_policy = policy_of<P, family::queue> && queue_for<typename P::template of<int>, int> &&
                       queue_for<typename P::template of<int, single_thread>, int> && requires {
                         { P::many_producers } -> std::convertible_to<bool>;
                         { P::many_consumers } -> std::convertible_to<bool>;
                         { P::bounded } -> std::convertible_to<bool>;
                       };

namespace detail {

/// What a queue asks of its elements: between the claim of a slot and its release nothing may throw.
template <class T>
inline constexpr bool queueable = std::is_object_v<T> && !std::is_const_v<T> &&
                                  std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>;

template <class P, class T>
consteval bool holds() noexcept {
  if constexpr (requires { P::template holds<T>; }) {
    return P::template holds<T>;
  } else {
    return queueable<T>;
  }
}

}  // namespace detail

/// Whether a queue of policy P can hold a T.
template <class P, class T>
inline constexpr bool queue_holds = detail::holds<P, T>();

}  // namespace tenon
