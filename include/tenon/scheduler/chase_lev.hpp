// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/scheduler/detail/chase_lev_deque.hpp>
#include <tenon/scheduler/detail/stealing_options.hpp>
#include <tenon/scheduler/stealing.hpp>

namespace tenon {

/// Option of stealing: a worker's items lie in a Chase-Lev deque that grows. The worker runs the newest first, and goes
/// through a tree of tasks depth first, with few of them alive; a thief takes the oldest, which is the largest branch.
///
///     using tree = tenon::runtime<tenon::stealing<tenon::chase_lev>>;
///
/// Order    LIFO a worker, but every eighth item is the oldest, so that none waits for ever. A coroutine that yields
///          goes into the queue from outside, behind all that is there; a busy worker takes one of it every 16 items.
/// Cost     A push and a pop are one locked instruction each; a thief pays one an item, and takes up to 16 at once.
/// Threads  Any worker runs any task, and sees any that is ready.
struct chase_lev {
  static constexpr auto word = fixed_string("chase_lev");
  template <class Threading>
  using deque = detail::chase_lev_deque<Threading>;
};

}  // namespace tenon
