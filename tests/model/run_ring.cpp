// SPDX-License-Identifier: BSL-1.0

#include <tenon/scheduler/detail/run_ring.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>

namespace {

using tenon::model::at_random;
using tenon::model::explore;

enum class victims { owner, neighbour };

/// The owner of a ring that begins with `First` slots pushes `Items` items, popping after every `PopEvery` of them, so
/// that it goes round under slow thieves' hands, or grows; `Thieves` steal `Steals` times into their own rings and
/// empty these. Either all steal from the owner, or each from the one before it: steals meet pushes, pops and steals.
/// Claims: each item comes once, with what the owner wrote before it pushed it; the owner's own pops are in order.
template <std::size_t First, int Items, int PopEvery, int Thieves, int Steals, victims From>
struct run_ring : rl::test_suite<run_ring<First, Items, PopEvery, Thieves, Steals, From>, Thieves + 1> {
  struct job : tenon::work {
    int number = 0;
    rl::var<int> input{0};
  };
  using ring = tenon::detail::run_ring<tenon::model::threads, First>;

  std::array<ring, Thieves + 1> rings;
  std::array<job, Items> jobs;
  int ran = 0;

  void run(tenon::work& item, int& last) {
    job& mine = static_cast<job&>(item);
    RL_ASSERT(mine.input($) == 7);
    mine.input($) = 0;
    RL_ASSERT(mine.number > last);
    last = mine.number;
    ++ran;
  }

  void thread(unsigned index) {
    ring& own = rings[index];
    int last = 0;
    if (index == 0) {
      for (int i = 0; i < Items; ++i) {
        job& next = jobs[static_cast<std::size_t>(i)];
        next.number = i + 1;
        next.input($) = 7;
        RL_ASSERT(own.push(next));
        if ((i + 1) % PopEvery == 0) pop(own, last);
      }
    } else {
      for (int i = 0; i < Steals; ++i) {
        tenon::work* first = nullptr;
        const std::size_t taken = rings[From == victims::owner ? 0 : index - 1].steal_into(own, first);
        RL_ASSERT((taken == 0) == (first == nullptr));
        RL_ASSERT(taken <= Items);
        int mine = 0;
        if (first != nullptr) run(*first, mine);
        if (i + 1 < Steals) pop(own, mine);  // what the last steal brought is left for the next thief and for after()
      }
    }
  }

  void pop(ring& own, int& last) {
    if (tenon::work* const item = own.pop()) run(*item, last);
  }

  void after() {
    for (ring& each : rings) {
      int last = 0;
      const std::size_t rest = each.size_estimate();
      RL_ASSERT(each.empty() == (rest == 0));
      for (std::size_t i = 0; i < rest; ++i) pop(each, last);
      RL_ASSERT(each.empty() && each.pop() == nullptr);
    }
    RL_ASSERT(ran == Items);
  }
};

constexpr victims owner = victims::owner;
constexpr victims neighbour = victims::neighbour;

}  // namespace

int main() {
  bool good = true;
  good &= explore<run_ring<2, 2, 2, 1, 1, owner>>("run_ring<2> 2 items, 1 thief, 1 steal", 5);
  good &= explore<run_ring<2, 4, 1, 1, 2, owner>>("run_ring<2> 4 items, 1 thief, 2 steals", 3);
  good &= explore<run_ring<2, 5, 3, 1, 2, owner>>("run_ring<2> 5 items, grows, 1 thief, 2 steals", 2);
  good &= explore<run_ring<4, 4, 9, 2, 1, owner>>("run_ring<4> 4 items, 2 thieves", 2);
  good &= explore<run_ring<4, 4, 9, 2, 1, neighbour>>("run_ring<4> 4 items, chain of 2 thieves", 2);
  good &= at_random<run_ring<4, 12, 3, 2, 4, owner>>("run_ring<4> 12 items, 2 thieves", 200'000);
  good &= at_random<run_ring<4, 12, 3, 2, 4, neighbour>>("run_ring<4> 12 items, chain of 2 thieves", 200'000);
  return good ? 0 : 1;
}
