// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>

namespace tenon::model {

/// The owner of a deque pushes `Items` items, popping after every `PopEvery` of them and whenever it takes no more, and
/// at the end pops until it is dry; `Thieves` steal `Steals` times from it, each into its own deque, and empty these.
/// Claims: each item comes once, with what the owner wrote before it pushed it; what was dry for its owner is empty.
template <class Deque, int Items, int PopEvery, int Thieves, int Steals>
struct stealing_deque : rl::test_suite<stealing_deque<Deque, Items, PopEvery, Thieves, Steals>, Thieves + 1> {
  struct job : tenon::work {
    rl::var<int> input{0};
  };

  std::array<Deque, Thieves + 1> deques;
  std::array<job, Items> jobs;
  tenon::model::atomic<int> ran{0};

  void run(tenon::work& item) {
    job& mine = static_cast<job&>(item);
    RL_ASSERT(mine.input($) == 7);
    mine.input($) = 0;
    (void)ran.fetch_add(1, std::memory_order_relaxed);
  }
  bool pop(Deque& own) {
    tenon::work* const item = own.pop();
    if (item != nullptr) run(*item);
    return item != nullptr;
  }

  void thread(unsigned index) {
    Deque& own = deques[index];
    if (index == 0) {
      for (int i = 0; i < Items; ++i) {
        job& next = jobs[static_cast<std::size_t>(i)];
        next.input($) = 7;
        while (!own.push(next)) pop(own);
        if ((i + 1) % PopEvery == 0) pop(own);
      }
    } else {
      for (int i = 0; i < Steals; ++i) {
        tenon::work* first = nullptr;
        const std::size_t taken = deques[0].steal_into(own, first);
        RL_ASSERT((taken == 0) == (first == nullptr));
        if (first != nullptr) run(*first);
      }
    }
    while (pop(own)) {
    }
    if (index != 0) RL_ASSERT(own.empty());
  }

  void after() {
    RL_ASSERT(ran.load() == Items);
    for (Deque& each : deques) RL_ASSERT(each.empty() && each.pop() == nullptr);
  }
};

}  // namespace tenon::model
