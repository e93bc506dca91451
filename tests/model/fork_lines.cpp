// SPDX-License-Identifier: BSL-1.0

#include <tenon/core/detail/fork_lines.hpp>

#include "modelled.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace {

using tenon::model::at_random;
using tenon::model::explore;

/// `Workers` run `Branches` of one fork, each as many as it gets hold of, on one line or (`Short`) on a line for each.
/// Who has which is told by an order that carries nothing else: what the count alone does not order, is a race here.
/// Claims: one line is the last; it sees what every branch wrote, and may free what they shared.
template <unsigned Workers, unsigned Branches, bool Short>
struct fork_lines : rl::test_suite<fork_lines<Workers, Branches, Short>, Workers> {
  tenon::detail::fork_lines<tenon::model::threads> subject;
  tenon::model::atomic<std::uint32_t> taken{0};
  std::array<rl::var<int>, Branches> results;
  rl::var<int> shared{0};  // what goes with the last of them
  int resumed = 0;

  void before() {
    subject.expect(Branches);
    for (rl::var<int>& each : results) each($) = 0;
    shared($) = 1;
  }

  void thread(unsigned /*index*/) {
    std::uint32_t ran = 0;
    for (;;) {
      const std::uint32_t mine = taken.fetch_add(1, std::memory_order_relaxed);
      if (mine >= Branches) break;
      results[mine]($) = 7;
      ++ran;
      if (Short) end(std::exchange(ran, 0));
    }
    if (ran != 0) end(ran);
  }

  void end(std::uint32_t ran) {
    RL_ASSERT(shared($) == 1);
    if (!subject.over(ran)) return;
    for (rl::var<int>& each : results) RL_ASSERT(each($) == 7);
    shared($) = 0;
    ++resumed;
  }

  void after() { RL_ASSERT(resumed == 1); }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<fork_lines<2, 2, false>>("fork_lines 2 workers, 2 branches", tenon::model::unbounded);
  good &= explore<fork_lines<2, 3, false>>("fork_lines 2 workers, 3 branches", tenon::model::unbounded);
  good &= explore<fork_lines<2, 3, true>>("fork_lines 2 workers, 3 branches apart", tenon::model::unbounded);
  good &= explore<fork_lines<3, 4, false>>("fork_lines 3 workers, 4 branches", 3);
  good &= at_random<fork_lines<4, 8, false>>("fork_lines 4 workers, 8 branches", 200'000);
  return good ? 0 : 1;
}
