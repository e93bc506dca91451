// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>

#include <array>
#include <cstddef>

namespace tenon::detail::weaving {

/// How many workers an elastic stage has: the rule alone, with no thread and no clock of its own.
///
/// Let wanted(t) = min(Max, busy + waiting) at time t. Level k is *needed* at t if wanted(t) >= k; k was last needed
/// at until_[k]. The state machine is one number, the size, and two moves:
///
///     grow    size < wanted             -> size = wanted, at once
///     shrink  size > Min, and level `size` was not needed for idle_after  -> size - 1, and so on
///
/// Min <= size <= Max, always. Hysteresis: a level that was added is needed then, so that it stays for idle_after at
/// least; between two moments of one shrink there are as many of growth, and so no level comes and goes more than once
/// in any idle_after. Who takes the tasks plays no part: with round robin each worker is busy now and then, and none
/// would ever be idle for long, though most were not needed.
///
/// until_ falls from level to level, because whoever needs k needs k - 1 as well; so only the highest one is looked at.
///
/// Cost  O(1), but for the levels that a fall of `wanted` passes, each of which a rise has passed before.
template <std::size_t Min, std::size_t Max>
class elasticity {
  static_assert(1 <= Min && Min <= Max);

 public:
  explicit elasticity(duration idle_after) noexcept : idle_after_(idle_after) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// What the size is to be at `now`, which is not before what it was told last.
  std::size_t decide(time_point now, std::size_t busy, std::size_t waiting) noexcept {
    const std::size_t wanted = busy + waiting < Max ? busy + waiting : Max;
    for (std::size_t k = wanted + 1; k <= wanted_; ++k) until_[k - 1] = now;
    wanted_ = wanted;
    if (size_ < wanted) size_ = wanted;
    while (may_leave() && now - until_[size_ - 1] >= idle_after_) --size_;
    return size_;
  }

  /// When the next worker leaves if nothing is wanted that is not wanted now; never, if none does.
  [[nodiscard]] time_point next() const noexcept {
    if (!may_leave() || idle_after_ > never - until_[size_ - 1]) return never;
    return until_[size_ - 1] + idle_after_;
  }

 private:
  [[nodiscard]] bool may_leave() const noexcept { return size_ > Min && size_ > wanted_; }

  duration idle_after_;
  std::size_t size_ = Min;
  std::size_t wanted_ = 0;
  std::array<time_point, Max> until_{};  // of level k at k - 1; known where k > wanted_
};

}  // namespace tenon::detail::weaving
