// SPDX-License-Identifier: BSL-1.0

#include <tenon/backend/detail/wake_word.hpp>

#include "modelled.hpp"

#include <array>

namespace {

using tenon::model::at_random;
using tenon::model::explore;

/// A loop that sleeps, or with `Polls` looks once without sleeping first, and `Wakers` threads that leave letters for
/// it and wake it as a backend does. The loop leaves when it has seen all letters: one wake-up that is lost lets it
/// sleep for ever, which is a deadlock. The letters are relaxed, so that nothing but the word makes them seen.
template <int Wakers, int Letters, bool Polls>
struct wake_word : rl::test_suite<wake_word<Wakers, Letters, Polls>, Wakers + 1> {
  tenon::detail::wake_word<tenon::model::threads> subject;
  tenon::model::wake_up bell;
  std::array<tenon::model::atomic<int>, Wakers> letters;

  void before() {
    for (auto& each : letters) each.store(0, std::memory_order_relaxed);
  }

  void thread(unsigned index) {
    if (index == Wakers) {
      if (Polls) subject.unpark();
      while (!all_seen()) {
        if (subject.park()) bell.wait();
        subject.unpark();
      }
    } else {
      for (int i = 1; i <= Letters; ++i) {
        letters[index].store(i, std::memory_order_relaxed);
        if (subject.notify()) bell.wake();
      }
    }
  }

  bool all_seen() {
    bool all = true;
    for (auto& each : letters) all = each.load(std::memory_order_relaxed) == Letters && all;
    return all;
  }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<wake_word<1, 1, false>>("wake_word 1 waker, 1 letter", tenon::model::unbounded);
  good &= explore<wake_word<1, 2, true>>("wake_word 1 waker, 2 letters, a poll first", 5);
  good &= explore<wake_word<2, 1, false>>("wake_word 2 wakers, 1 letter each", 5);
  good &= explore<wake_word<2, 1, true>>("wake_word 2 wakers, 1 letter, a poll first", 4);
  good &= at_random<wake_word<3, 4, true>>("wake_word 3 wakers, 4 letters, a poll first", 200'000);
  return good ? 0 : 1;
}
