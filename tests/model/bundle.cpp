// SPDX-License-Identifier: BSL-1.0

#include <tenon/memory/detail/bundle.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

using tenon::model::at_random;
using tenon::model::explore;

/// `Threads` have `Bundles` each. `Rounds` times each gives one, if it has any, and takes what is there, of which no
/// more than `Most` lie there at once. Claims: a bundle is one thread's, what its last owner wrote is seen, a chain is
/// as long as it says, and no bundle is lost.
template <unsigned Threads, std::size_t Bundles, std::uint32_t Most, int Rounds>
struct exchange : rl::test_suite<exchange<Threads, Bundles, Most, Rounds>, Threads> {
  struct alignas(std::max_align_t) bundle {
    tenon::detail::free_block first{};
    rl::var<int> owner{0};
  };
  struct pile {
    tenon::detail::free_block* newest = nullptr;
    std::size_t size = 0;
  };
  static bundle& of(tenon::detail::free_block& first) { return reinterpret_cast<bundle&>(first); }

  tenon::detail::bundle_stack<tenon::model::threads> subject;
  std::array<bundle, Threads * Bundles> all;
  std::array<pile, Threads> piles;

  void put(pile& on, tenon::detail::free_block& one, int owner) {
    of(one).owner($) = owner;
    one.bundle = on.newest;
    on.newest = &one;
    ++on.size;
  }
  void take(pile& onto, int owner) {
    std::uint32_t count = 0;
    tenon::detail::free_block* one = subject.take(count);
    RL_ASSERT(count <= Most);
    for (; count > 0; --count) {
      RL_ASSERT(one != nullptr);
      tenon::detail::free_block* const next = one->bundle;
      RL_ASSERT(of(*one).owner($) == -1);
      put(onto, *one, owner);
      one = next;
    }
    RL_ASSERT(one == nullptr);
  }

  void before() {
    for (std::size_t i = 0; i < all.size(); ++i)
      put(piles[i % Threads], all[i].first, static_cast<int>(i % Threads) + 1);
  }
  void thread(unsigned index) {
    pile& mine = piles[index];
    const int self = static_cast<int>(index) + 1;
    for (int i = 0; i < Rounds; ++i) {
      if (tenon::detail::free_block* const one = mine.newest) {
        mine.newest = one->bundle;
        --mine.size;
        RL_ASSERT(of(*one).owner($) == self);
        of(*one).owner($) = -1;
        if (!subject.give(*one, Most)) put(mine, *one, self);
      }
      if ((index + static_cast<unsigned>(i)) % 2 == 0) take(mine, self);
    }
  }
  void after() {
    take(piles[0], 1);
    std::size_t size = 0;
    for (const pile& each : piles) size += each.size;
    RL_ASSERT(size == all.size());
  }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<exchange<2, 2, 15, 2>>("bundle 2 threads, 2 bundles each, 2 rounds", tenon::model::unbounded);
  good &= explore<exchange<2, 3, 2, 4>>("bundle 2 threads, 3 bundles each, 2 fit", 4);
  good &= explore<exchange<3, 2, 3, 2>>("bundle 3 threads, 2 bundles each, 3 fit", 3);
  good &= at_random<exchange<3, 3, 4, 6>>("bundle 3 threads, 3 bundles each, 4 fit", 200'000);
  return good ? 0 : 1;
}
