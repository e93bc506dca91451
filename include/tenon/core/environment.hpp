// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/context.hpp>

#include <concepts>
#include <coroutine>
#include <stop_token>

namespace tenon {

/// What a coroutine inherits from the one that awaits it: who asks it to stop, and what it carries.
///
/// Shape    One a task tree, owned by whoever started the tree (a scope, a timeout, a with_context), which outlives the
///          tree. A promise carries a pointer to it, and a child's pointer is its parent's: an await costs one copy.
struct environment {
  std::stop_source stop{std::nostopstate};
  const any_context* context = nullptr;  ///< null where nothing is carried

  /// The level at which its work waits.
  [[nodiscard]] tenon::level level() const noexcept { return context != nullptr ? context->level() : tenon::level{}; }
};

namespace detail {

inline const environment no_environment{};

template <class Promise>
concept owns_environment = requires(Promise& promise) {
  { promise.own } -> std::same_as<environment&>;
};

template <class Promise>
concept has_environment = requires(Promise& promise) {
  { promise.env } -> std::convertible_to<const environment*>;
};

/// The environment of the coroutine that awaits, or the empty one for coroutines that are not ours.
template <class Promise>
[[nodiscard]] const environment* environment_of(std::coroutine_handle<Promise> handle) noexcept {
  if constexpr (owns_environment<Promise>) {
    return &handle.promise().own;
  } else if constexpr (has_environment<Promise>) {
    return handle.promise().env;
  } else {
    return &no_environment;
  }
}

}  // namespace detail

}  // namespace tenon
