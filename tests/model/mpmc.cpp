// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/mpmc.hpp>

#include "queue.hpp"

using tenon::mpmc;
using tenon::model::at_random;
using tenon::model::batches;
using tenon::model::explore;
using tenon::model::queue;

int main() {
  bool good = true;
  good &= explore<queue<mpmc<2>, 1, 2, 3, 2>>("mpmc<2> 1:2, 3 pushes, 2 pops each", 2);
  good &= explore<queue<mpmc<2>, 2, 1, 2, 3>>("mpmc<2> 2:1, 2 pushes each, 3 pops", 2);
  good &= explore<queue<mpmc<2>, 2, 2, 1, 1>>("mpmc<2> 2:2, 1 push, 1 pop each", 3);
  good &= explore<queue<mpmc<2>, 2, 2, 2, 2>>("mpmc<2> 2:2, 2 pushes, 2 pops each", 1);
  good &= at_random<queue<mpmc<2>, 2, 2, 4, 4>>("mpmc<2> 2:2, 4 pushes, 4 pops each", 200'000);
  good &= explore<batches<mpmc<4>, 1, 2, 3, 2>>("mpmc<4> 1:2, batches of 3, and of 2", 2);
  good &= explore<batches<mpmc<2>, 2, 2, 2, 2>>("mpmc<2> 2:2, batches of 2", 1);
  return good ? 0 : 1;
}
