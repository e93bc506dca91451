// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/fork_join.hpp>

#include <concepts>
#include <utility>

namespace tenon {

/// Runs plain callables side by side, where a worker is free: fork_join for those that are called for what they do.
///
///     tenon::parallel_invoke([&] { sort(left); }, [&] { sort(right); }, [&] { log.flush(); });
///
/// All else is said at fork_join.
template <std::invocable... Fs>
[[gnu::always_inline]] inline void parallel_invoke(Fs&&... fs) {
  if constexpr (sizeof...(Fs) != 0) (void)fork_join(std::forward<Fs>(fs)...);
}

}  // namespace tenon
