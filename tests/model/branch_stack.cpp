// SPDX-License-Identifier: BSL-1.0

#include <tenon/core/detail/branch_stack.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

using tenon::detail::branch_end;
using tenon::detail::branch_hooks;
using tenon::model::at_random;
using tenon::model::explore;

/// How many nodes a tree has whose inner nodes have `width` children.
constexpr int nodes_of(int width, int depth) {
  int all = 1, row = 1;
  for (int i = 0; i < depth; ++i) all += row *= width;
  return all;
}

/// Worker 0 forks a tree, `Rounds` times over: each inner node forks `Width` branches. Every other worker looks `Looks`
/// times for a branch, at whom `From` names, and asks; after a branch it runs, where `Grows` says so, a tree of its
/// own, whose branches are no business of whoever still waits for the first. All wait by leapfrogging.
///
/// Claims: each branch runs once, and sees what its forker wrote; its result is seen; the place of a branch is filled
/// anew only when its thief has done with it; along the stack of a worker each branch descends from the one below it.
enum class victims { owner, others };

template <int Workers, int Width, int Depth, int Rounds, int Looks, victims From = victims::owner, bool Grows = false>
struct branches : rl::test_suite<branches<Workers, Width, Depth, Rounds, Looks, From, Grows>, Workers> {
  static constexpr int places = 8;
  static constexpr int nodes = nodes_of(Width, Depth);
  static constexpr int first_leaf = nodes_of(Width, Depth - 1);

  using stack = tenon::detail::branch_stack<tenon::model::threads, places>;
  using branch = typename stack::branch;

  struct worker {
    stack forks;
    std::array<rl::var<int>, places> rooms;  ///< what a branch is given, and what it gives: where a frame would be
    int open = 0;                            ///< so many of them are in use
    std::array<int, 16> below{};             ///< where in which tree what it runs stands, along its stack
    int height = 0;
    int began = 0;                 ///< trees of its own
    std::array<int, nodes> ran{};  ///< of its own tree, by whom ever
  };
  struct parcel : branch {
    parcel() : branch(&run_claimed) {}
    branches* all = nullptr;
    rl::var<int>* room = nullptr;
    int tree = 0;
    int node = 0;
  };

  std::array<worker, Workers> workers;

  static bool idle(void*) noexcept { return true; }
  static void call(void*) noexcept {}
  static std::int32_t tick(void*, std::int32_t) noexcept { return 1'000; }
  static void pause(void*, unsigned) noexcept { rl::yield(1, $); }
  static constexpr branch_hooks hooks{&idle, &call, &tick, &pause};

  void before() {
    for (worker& each : workers) each.forks.belong_to(&each, hooks);
  }

  void thread(unsigned index) {
    const int me = static_cast<int>(index);
    if (me == 0) {
      for (int i = 0; i < Rounds; ++i) item(0);
      return;
    }
    for (int i = 0; i < Looks; ++i) {
      bool took = false;
      for (int v = 0; v < (From == victims::owner ? 1 : Workers) && !took; ++v) {
        if (v != me) took = look(me, v);
      }
      if (took && Grows) item(me);
      if (!took) rl::yield(1, $);
    }
  }

  bool look(int me, int at) {
    stack& own = workers[me].forks;
    if (branch* const got = own.claim(workers[at].forks)) {
      own.run(*got);
      if (own.active()) own.close();
      return true;
    }
    workers[at].forks.ask();
    return false;
  }

  void item(int me) {
    ++workers[me].began;
    run(me, me, 0);
    if (workers[me].forks.active()) workers[me].forks.close();
  }

  static bool descends(int node, int from) {
    while (node > from) node = (node - 1) / Width;
    return node == from;
  }

  /// A node of the tree of worker `tree`, run by `me`.
  void run(int me, int tree, int node) {
    worker& own = workers[me];
    const int place = tree * nodes + node;
    if (own.height > 0) {
      const int under = own.below[own.height - 1];
      RL_ASSERT(under / nodes == tree);
      RL_ASSERT(under % nodes != node && descends(node, under % nodes));
    }
    own.below[own.height++] = place;
    ++workers[tree].ran[node];
    if (node < first_leaf) fork(me, tree, node);
    --own.height;
  }

  void fork(int me, int tree, int node) {
    worker& own = workers[me];
    const int first = node * Width + 1;
    std::array<parcel, Width - 1> forked;
    const int base = own.open;
    for (int i = 1; i < Width; ++i) {
      parcel& at = forked[i - 1];
      at.all = this;
      at.room = &own.rooms[base + i - 1];
      at.tree = tree;
      at.node = first + i;
      at.lie_on(i + 1 == Width ? own.forks.top() : &forked[i]);
      (*at.room)($) = first + i;
    }
    const bool is_ready = own.forks.ready();
    if (!is_ready && !own.forks.make_ready()) {
      for (int i = 0; i < Width; ++i) run(me, tree, first + i);
      return;
    }
    own.forks.push(forked[0]);
    own.open = base + Width - 1;
    if (!is_ready) own.forks.offer();
    run(me, tree, first);
    for (int i = 1; i < Width; ++i) {
      parcel& at = forked[i - 1];
      const branch_end how = own.forks.pop(at) ? branch_end::open : own.forks.retake();
      if (how == branch_end::open) {
        RL_ASSERT((*at.room)($) == first + i);
        run(me, tree, first + i);
      } else {
        RL_ASSERT(how == branch_end::done && own.forks.top() == &at);
        own.forks.drop();
        RL_ASSERT((*at.room)($) == -(first + i));
      }
    }
    own.open = base;
  }

  static branch_end run_claimed(branch& at) noexcept {
    const parcel& self = static_cast<const parcel&>(at);
    RL_ASSERT((*self.room)($) == self.node);
    self.all->run(static_cast<int>(rl::thread_index()), self.tree, self.node);
    (*self.room)($) = -self.node;
    return branch_end::done;
  }

  void after() {
    for (const worker& each : workers) {
      RL_ASSERT(each.height == 0 && !each.forks.sharing());
      for (const int times : each.ran) RL_ASSERT(times == each.began);
    }
  }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<branches<2, 2, 1, 1, 1>>("branches: 1 fork, 1 thief", tenon::model::unbounded);
  good &= explore<branches<2, 2, 2, 1, 2>>("branches: 3 forks, 1 thief", 3);
  good &= explore<branches<2, 3, 1, 2, 2>>("branches: 2 x 1 fork of 3, 1 thief", 3);
  good &= explore<branches<2, 2, 2, 1, 1, victims::owner, true>>("branches: 3 forks, 1 thief with its own", 3);
  good &= explore<branches<3, 2, 2, 1, 1>>("branches: 3 forks, 2 thieves", 2);
  good &= explore<branches<3, 2, 2, 1, 1, victims::others>>("branches: 3 forks, chain of 2 thieves", 2);
  good &=
      at_random<branches<2, 2, 3, 2, 6, victims::owner, true>>("branches: 2 x 7 forks, 1 thief with its own", 200'000);
  good &= at_random<branches<3, 2, 3, 2, 6, victims::others, true>>("branches: 2 x 7 forks, 2 thieves with theirs",
                                                                    200'000);
  good &= at_random<branches<3, 3, 2, 2, 6, victims::others, true>>("branches: 2 x 4 forks of 3, 2 thieves with theirs",
                                                                    200'000);
  return good ? 0 : 1;
}
