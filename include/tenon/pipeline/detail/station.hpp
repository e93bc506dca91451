// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>
#include <tenon/pipeline/detail/gauge.hpp>
#include <tenon/pipeline/detail/turnstile.hpp>

#include <array>
#include <cstddef>
#include <type_traits>

namespace tenon::detail::weaving {

struct no_turnstile {};
struct no_backlog {};

/// What a stage has behind its joint: nothing, unless its words ask for it.
template <class Threading, class Histogram, std::size_t Workers, bool Measured, bool Ordered, bool Batched>
struct station {
  [[no_unique_address]] gauge<Histogram, Workers, Measured> times;
  [[no_unique_address]] std::conditional_t<Ordered, turnstile<Threading, Workers>, no_turnstile> gate;
  /// Of each slot: the items of its last batch that it has still to hand on.
  [[no_unique_address]] std::conditional_t<Batched, std::array<work_list, Workers>, no_backlog> backlog;
};

}  // namespace tenon::detail::weaving
