// SPDX-License-Identifier: BSL-1.0

#include <tenon/core/detail/inbox.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>

namespace {

using tenon::model::at_random;
using tenon::model::explore;

/// `Pushers` threads push `Items` each, the owner takes `Takes` times. Claims: each item comes once, in its pusher's
/// order, with what its pusher wrote before; of the pushes between two takes exactly one says that it was the first.
template <int Pushers, int Items, int Takes>
struct inbox : rl::test_suite<inbox<Pushers, Items, Takes>, Pushers + 1> {
  struct letter : tenon::work {
    std::size_t from = 0;
    int number = 0;
    rl::var<int> text{0};
  };

  tenon::detail::inbox<tenon::model::threads> subject;
  std::array<std::array<letter, Items>, Pushers> letters;
  std::array<int, Pushers> last{};
  int firsts = 0;
  int batches = 0;

  void thread(unsigned index) {
    if (index == Pushers) {
      for (int i = 0; i < Takes; ++i) take();
    } else {
      for (int i = 0; i < Items; ++i) {
        letter& mine = letters[index][static_cast<std::size_t>(i)];
        mine.from = index;
        mine.number = i + 1;
        mine.text($) = 7;
        if (subject.push(mine)) ++firsts;
      }
    }
  }

  void take() {
    tenon::work_list taken = subject.take();
    if (!taken.empty()) ++batches;
    while (tenon::work* item = taken.pop()) {
      letter& came = static_cast<letter&>(*item);
      RL_ASSERT(came.text($) == 7);
      came.text($) = 0;
      RL_ASSERT(came.number == last[came.from] + 1);
      last[came.from] = came.number;
    }
  }

  void after() {
    const bool was_empty = subject.empty();
    const int before = batches;
    take();
    RL_ASSERT(was_empty == (batches == before));
    RL_ASSERT(subject.empty());
    RL_ASSERT(firsts == batches);
    for (const int number : last) RL_ASSERT(number == Items);
  }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<inbox<2, 1, 2>>("inbox 2 pushers, 1 item each, 2 takes", tenon::model::unbounded);
  good &= explore<inbox<2, 2, 3>>("inbox 2 pushers, 2 items each, 3 takes", 4);
  good &= at_random<inbox<3, 4, 6>>("inbox 3 pushers, 4 items each, 6 takes", 200'000);
  return good ? 0 : 1;
}
