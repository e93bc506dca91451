// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/scheduler/detail/split_deque.hpp>
#include <tenon/scheduler/detail/stealing_options.hpp>
#include <tenon/scheduler/stealing.hpp>

namespace tenon {

/// Option of stealing: a worker's items lie in a deque of two parts, one of them its own, where it pushes and pops
/// without a locked instruction. For many short tasks that make tasks.
///
///     using tree = tenon::runtime<tenon::stealing<tenon::split>>;
///
/// Order    As chase_lev: LIFO a worker, every eighth item the oldest.
/// Cost     A push and a pop are plain loads and stores while the other part holds something for thieves; then one
///          locked instruction for half of what the worker has. A thief takes half of that part at once.
/// Threads  Any worker runs any task, but others do not see what is in a worker's own part until it comes back to its
///          queue, to push or for its next item. So a task that runs long after it has spawned others keeps some of
///          them waiting, and one that blocks its thread until they have run may wait for ever: then write chase_lev.
struct split {
  static constexpr auto word = fixed_string("split");
  template <class Threading>
  using deque = detail::split_deque<Threading>;
};

}  // namespace tenon
