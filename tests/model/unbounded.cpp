// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/unbounded.hpp>

#include "queue.hpp"

using tenon::model::at_random;
using tenon::model::explore;
using tenon::model::queue;

int main() {
  using two = tenon::unbounded<2>;  // each second item changes the segment
  bool good = true;
  good &= explore<queue<two, 1, 1, 5, 5>>("unbounded<2> 1:1, 5 pushes, 5 pops", 2);
  good &= explore<queue<two, 1, 2, 5, 3>>("unbounded<2> 1:2, 5 pushes, 3 pops each", 1);
  good &= explore<queue<two, 2, 1, 3, 4>>("unbounded<2> 2:1, 3 pushes each, 4 pops", 1);
  good &= explore<queue<two, 2, 2, 2, 2>>("unbounded<2> 2:2, 2 pushes, 2 pops each", 1);
  good &= at_random<queue<two, 1, 1, 10, 12>>("unbounded<2> 1:1, 10 pushes, 12 pops", 100'000);
  good &= at_random<queue<two, 1, 3, 8, 4>>("unbounded<2> 1:3, 8 pushes, 4 pops each", 100'000);
  good &= at_random<queue<two, 2, 2, 5, 6>>("unbounded<2> 2:2, 5 pushes, 6 pops each", 100'000);
  return good ? 0 : 1;
}
