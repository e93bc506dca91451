// SPDX-License-Identifier: BSL-1.0

#include <tenon/memory/detail/return_list.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>

namespace {

using tenon::model::at_random;
using tenon::model::explore;

/// The owner lends `Items` times to each of `Others`, over one word each, and the other brings it back, in a lane of
/// its own or, where there are too few lanes, in the stack. Claims: a node
/// that is lent is nobody else's, what its last holder wrote is seen, and in the end all are home.
template <int Others, int Items, std::size_t Lanes>
struct returns : rl::test_suite<returns<Others, Items, Lanes>, Others + 1> {
  using list = tenon::detail::return_list<tenon::model::threads, Lanes>;
  using node = typename list::node;
  struct object {
    node link;
    rl::var<int> holder{0};
  };
  static object& of(node& link) { return reinterpret_cast<object&>(link); }

  list subject;
  std::array<object, Others * Items> all;
  std::array<tenon::model::atomic<node*>, Others> passed{};
  std::size_t made = 0;

  node& lend() {
    if (node* const kept = subject.take()) return *kept;
    return *subject.mark(all[made++].link);
  }

  void before() {
    for (auto& each : passed) each.store(nullptr, std::memory_order_relaxed);
  }
  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < Items; ++i) {
        for (std::size_t other = 0; other < Others; ++other) {
          node& one = lend();
          RL_ASSERT(of(one).holder($) == 0);
          of(one).holder($) = 1;
          node* expected = nullptr;
          if (!passed[other].compare_exchange_strong(expected, &one, std::memory_order_acq_rel)) {
            of(one).holder($) = 0;  // it has not taken the one before
            subject.keep(one);
          }
        }
      }
    } else {
      for (int i = 0; i < Items; ++i) {
        node* const one = passed[index - 1].exchange(nullptr, std::memory_order_acq_rel);
        if (one == nullptr) continue;
        RL_ASSERT(of(*one).holder($) == 1);
        of(*one).holder($) = 0;
        subject.leave(*one, &passed[index - 1]);
      }
    }
  }
  void after() {
    for (std::size_t other = 0; other < Others; ++other) {
      if (node* const one = passed[other].load()) {
        of(*one).holder($) = 0;
        subject.keep(*one);
      }
    }
    RL_ASSERT(subject.size() == made);
  }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<returns<1, 2, 1>>("return_list 1 other, 2 items", 6);
  good &= explore<returns<1, 3, 1>>("return_list 1 other, 3 items", 4);
  good &= explore<returns<2, 2, 2>>("return_list 2 others, 2 items each", 3);
  good &= explore<returns<2, 2, 1>>("return_list 2 others, 2 items each, 1 lane", 3);
  good &= at_random<returns<2, 5, 2>>("return_list 2 others, 5 items each", 100'000);
  good &= at_random<returns<3, 5, 1>>("return_list 3 others, 5 items each, 1 lane", 100'000);
  return good ? 0 : 1;
}
