// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>

#include <coroutine>

namespace tenon::detail {

/// A coroutine that lets others go first, as a work item. It is a class of its own so that a scheduling that does not
/// keep to the order of pushes can tell it from one that was woken.
struct yielded : work {
  std::coroutine_handle<> target;

  yielded() noexcept : work(&go_on) {}
  static void go_on(work& item) noexcept { static_cast<yielded&>(item).target.resume(); }
};

[[nodiscard]] inline bool gives_way(const work& item) noexcept { return item.run == &yielded::go_on; }

}  // namespace tenon::detail
