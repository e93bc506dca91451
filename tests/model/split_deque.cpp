// SPDX-License-Identifier: BSL-1.0

#include <tenon/scheduler/detail/split_deque.hpp>

#include "stealing_deque.hpp"

namespace {

template <std::size_t First>
using deque = tenon::detail::split_deque<tenon::model::threads, First>;

}  // namespace

int main() {
  using namespace tenon::model;
  bool good = true;
  good &= explore<stealing_deque<deque<2>, 2, 1, 1, 1>>("split_deque 2 items, 1 thief, 1 steal", 4);
  good &= explore<stealing_deque<deque<2>, 4, 1, 1, 2>>("split_deque 4 items, 1 thief, 2 steals", 3);
  good &= explore<stealing_deque<deque<2>, 5, 9, 1, 2>>("split_deque 5 items, grows, 1 thief, 2 steals", 2);
  good &= explore<stealing_deque<deque<4>, 4, 2, 2, 1>>("split_deque 4 items, 2 thieves", 2);
  good &= at_random<stealing_deque<deque<2>, 12, 3, 2, 4>>("split_deque 12 items, grows, 2 thieves", 100'000);
  return good ? 0 : 1;
}
