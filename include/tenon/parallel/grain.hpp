// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/detail/extent.hpp>

#include <cstddef>

namespace tenon {

/// The fewest elements that a loop takes in one piece, and hands to another worker.
///
///     tenon::parallel_for(0, rows, smooth, tenon::grain{16});
///
/// Without it a loop finds out by the clock, which is nearly always better. With `deterministic` it is the size of each
/// leaf. Zero counts as one.
struct grain {
  std::size_t least = 1;
};

template <>
inline constexpr bool detail::is_option<grain> = true;

}  // namespace tenon
