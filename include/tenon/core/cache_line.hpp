// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace tenon {

/// How far apart two variables must lie so that two cores do not fight over them, in bytes.
///
/// A constant of the library, not std::hardware_destructive_interference_size: that one may differ between the flags of
/// two translation units, and then so would the layout of every type that used it.
inline constexpr std::size_t cache_line = 64;

}  // namespace tenon
