// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

namespace tenon::detail {

/// How many of some branches have not ended, counted by lines. A line is a worker that runs one branch after the other:
/// it counts in its own memory, and here only when it has ended and was not the only one.
///
/// Let n be the number of branches. Each of them ends on one line, so the numbers that the lines have ended with add
/// up to n. Invariant: left_ = n less what ended lines have counted; the line that brings it to 0 is the last one, and
/// its acq_rel decrement is behind all the others', so what it goes on with sees every result. A line that has run all
/// n is alone: no other was or will be here.
///
/// Threads  expect: one, before any branch has begun. over: the one that the line runs on. Whoever gets `false` may
///          find this gone.
/// Source   Cilk counts so: the strand that was not stolen counts for itself. Model: tests/model/fork_lines.cpp.
template <class Threading>
class fork_lines {
 public:
  void expect(std::uint32_t count) noexcept {
    all_ = count;
    left_.store(count, std::memory_order_relaxed);
  }
  /// Whether a line that has run `ran` of the branches has run all.
  [[nodiscard]] bool alone(std::uint32_t ran) const noexcept { return ran == all_; }
  /// A line ends that has run `ran` of the branches. True when nobody is left.
  [[nodiscard]] bool over(std::uint32_t ran) noexcept {
    return alone(ran) || left_.fetch_sub(ran, std::memory_order_acq_rel) == ran;
  }

 private:
  std::uint32_t all_ = 0;
  typename Threading::template atomic<std::uint32_t> left_{0};
};

}  // namespace tenon::detail
