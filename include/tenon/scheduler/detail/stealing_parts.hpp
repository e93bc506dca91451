// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/scheduler/detail/run_ring.hpp>

namespace tenon::detail {

/// What the words in stealing's brackets come to: the queue of a worker. For words that are its options it stands in
/// stealing_options.hpp, which the header of each includes; this one is for none, and for words that are not.
template <class... Options>
struct stealing_parts {
  static constexpr bool are_options = sizeof...(Options) == 0;
  static constexpr bool gives_way_outside = false;
  static constexpr auto word = fixed_string("stealing<>");
  template <class Threading>
  using queue = run_ring<Threading>;
};

}  // namespace tenon::detail
