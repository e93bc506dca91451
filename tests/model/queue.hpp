// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "modelled.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace tenon::model {

/// A queue between `Producers` threads that try to push `Pushes` items each and `Consumers` that try to pop `Pops`
/// times each. Nobody waits, so that each execution ends. Claims: what is popped was pushed, at most once, in each
/// producer's order; no two threads are in one slot (see slot); afterwards the rest is there, and the queue works.
template <class Policy, int Producers, int Consumers, int Pushes, int Pops>
struct queue : rl::test_suite<queue<Policy, Producers, Consumers, Pushes, Pops>, Producers + Consumers> {
  typename Policy::template of<int, threads> subject;
  std::array<int, Producers> pushed{};  // how many went in: plain, for it is not what is modelled
  std::array<std::array<bool, Pushes + 1>, Producers> popped{};  // which came out
  static constexpr std::size_t slots = Policy::template of<int, threads>::capacity;

  void thread(unsigned index) {
    if (index < Producers) {
      for (int i = 0; i < Pushes; ++i) {
        const int item = static_cast<int>(index) * 100 + pushed[index] + 1;
        int offered = item;
        if (subject.try_push(std::move(offered))) {
          ++pushed[index];
        } else {
          RL_ASSERT(Policy::bounded && offered == item);
        }
      }
    } else {
      std::array<int, Producers> last{};
      for (int i = 0; i < Pops; ++i) {
        if (const std::optional<int> item = subject.try_pop()) came(*item, last);
        RL_ASSERT(subject.size_estimate() <= slots);
      }
    }
  }

  void came(int item, std::array<int, Producers>& last) {
    const auto producer = static_cast<std::size_t>(item / 100);
    const auto number = static_cast<std::size_t>(item % 100);
    RL_ASSERT(producer < Producers && number >= 1 && number <= Pushes);
    RL_ASSERT(!popped[producer][number]);
    RL_ASSERT(last[producer] < item % 100);
    popped[producer][number] = true;
    last[producer] = item % 100;
  }

  void after() {
    std::array<int, Producers> last{};
    const std::size_t rest = subject.size_estimate();
    for (std::size_t i = 0; i < rest; ++i) {
      const std::optional<int> item = subject.try_pop();
      RL_ASSERT(item.has_value());
      came(*item, last);
    }
    RL_ASSERT(!subject.try_pop().has_value());
    for (std::size_t p = 0; p < Producers; ++p) {
      for (int i = 1; i <= pushed[p]; ++i) RL_ASSERT(popped[p][static_cast<std::size_t>(i)]);
    }
    constexpr std::size_t fill = Policy::bounded ? slots : 5;
    for (std::size_t i = 0; i < fill; ++i) RL_ASSERT(subject.try_push(static_cast<int>(i)));
    if (Policy::bounded) RL_ASSERT(!subject.try_push(0));
    for (std::size_t i = 0; i < fill; ++i) RL_ASSERT(subject.try_pop() == static_cast<int>(i));
  }
};

/// The same with batches: each producer offers `Pushes` items at once, twice, each consumer takes up to `Pops`, twice.
template <class Policy, int Producers, int Consumers, int Pushes, int Pops>
struct batches : rl::test_suite<batches<Policy, Producers, Consumers, Pushes, Pops>, Producers + Consumers> {
  typename Policy::template of<int, threads> subject;
  std::array<int, Producers> pushed{};
  std::array<std::array<bool, 2 * Pushes + 1>, Producers> popped{};

  void thread(unsigned index) {
    for (int turn = 0; turn < 2; ++turn) {
      if (index < Producers) {
        std::array<int, Pushes> items;
        for (int i = 0; i < Pushes; ++i) items[i] = static_cast<int>(index) * 100 + pushed[index] + 1 + i;
        pushed[index] += static_cast<int>(subject.try_push_some(items));
      } else {
        take(Pops);
      }
    }
  }
  std::size_t take(std::size_t most) {
    std::array<int, 2 * Pushes * Producers> into{};
    std::array<int, Producers> last{};
    const std::size_t got = subject.try_pop_some(std::span(into).first(most));
    for (std::size_t i = 0; i < got; ++i) {
      const auto producer = static_cast<std::size_t>(into[i] / 100);
      const int number = into[i] % 100;
      RL_ASSERT(producer < Producers && number > last[producer]);
      RL_ASSERT(!popped[producer][static_cast<std::size_t>(number)]);
      popped[producer][static_cast<std::size_t>(number)] = true;
      last[producer] = number;
    }
    return got;
  }
  void after() {
    (void)take(subject.size_estimate());
    RL_ASSERT(take(1) == 0);
    for (std::size_t p = 0; p < Producers; ++p) {
      for (int i = 1; i <= pushed[p]; ++i) RL_ASSERT(popped[p][static_cast<std::size_t>(i)]);
    }
  }
};

}  // namespace tenon::model
