// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/spsc.hpp>

#include "queue.hpp"

using tenon::spsc;
using tenon::model::at_random;
using tenon::model::batches;
using tenon::model::explore;
using tenon::model::queue;
using tenon::model::unbounded;

int main() {
  bool good = true;
  good &= explore<queue<spsc<1>, 1, 1, 2, 2>>("spsc<1> 1:1, 2 pushes, 2 pops", unbounded);
  good &= explore<queue<spsc<2>, 1, 1, 4, 4>>("spsc<2> 1:1, 4 pushes, 4 pops", 4);
  good &= at_random<queue<spsc<2>, 1, 1, 8, 8>>("spsc<2> 1:1, 8 pushes, 8 pops", 200'000);
  good &= explore<batches<spsc<2>, 1, 1, 2, 2>>("spsc<2> 1:1, batches of 2", unbounded);
  return good ? 0 : 1;
}
