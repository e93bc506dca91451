// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/mpsc.hpp>

#include "queue.hpp"

using tenon::mpsc;
using tenon::model::at_random;
using tenon::model::batches;
using tenon::model::explore;
using tenon::model::queue;

int main() {
  bool good = true;
  good &= explore<queue<mpsc<2>, 1, 1, 4, 4>>("mpsc<2> 1:1, 4 pushes, 4 pops", 4);
  good &= explore<queue<mpsc<2>, 2, 1, 2, 3>>("mpsc<2> 2:1, 2 pushes each, 3 pops", 2);
  good &= at_random<queue<mpsc<2>, 3, 1, 3, 9>>("mpsc<2> 3:1, 3 pushes each, 9 pops", 200'000);
  good &= explore<batches<mpsc<2>, 2, 1, 2, 2>>("mpsc<2> 2:1, batches of 2", 2);
  return good ? 0 : 1;
}
