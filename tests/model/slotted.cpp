// SPDX-License-Identifier: BSL-1.0

#include <tenon/scheduler/detail/run_ring.hpp>
#include <tenon/scheduler/detail/slotted.hpp>

#include "stealing_deque.hpp"

namespace {

using queue = tenon::detail::slotted<tenon::model::threads, tenon::detail::run_ring<tenon::model::threads, 4>, 2>;

}  // namespace

int main() {
  using namespace tenon::model;
  bool good = true;
  good &= explore<stealing_deque<queue, 2, 1, 1, 1>>("slotted 2 items, 1 thief, 1 steal", 5);
  good &= explore<stealing_deque<queue, 4, 2, 1, 2>>("slotted 4 items, 1 thief, 2 steals", 3);
  good &= explore<stealing_deque<queue, 3, 2, 2, 1>>("slotted 3 items, 2 thieves", 2);
  good &= at_random<stealing_deque<queue, 12, 3, 2, 4>>("slotted 12 items, 2 thieves", 200'000);
  return good ? 0 : 1;
}
