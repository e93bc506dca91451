// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/fork_join.hpp>

#include "../runtime/ground.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>

// What the tests of parallel/ stand on: runtimes with a number of workers, and branches that are stolen for certain.

namespace tenon_test {

using tenon::task;

template <class Scheduling, class... Words>
struct crew : tenon::runtime<Scheduling, counted, Words...> {
  using base = tenon::runtime<Scheduling, counted, Words...>;
  using base::base;
};

/// Waits until something is so, and says whether it came to that. It forks meanwhile: what waits below it on a worker's
/// stack is shared at forks, when somebody asks.
template <class Condition>
bool comes_true(Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    tenon::fork_join([] {}, [] {});
    std::this_thread::yield();
  }
  return true;
}

/// How a test is run: by one worker, where nobody steals, or by two, where the second takes the branch that the first
/// one waits for.
class way {
 public:
  explicit way(bool stolen) : stolen_(stolen) {}

  [[nodiscard]] bool stolen() const noexcept { return stolen_; }
  /// In the branch that stays: returns when the other has begun on another thread.
  void stay() {
    if (stolen_) {
      EXPECT_TRUE(comes_true([&] { return begun_.load(); })) << "nobody took the branch";
    }
  }
  /// In the branch that is to be taken.
  void go() { begun_.store(true); }

 private:
  bool stolen_;
  std::atomic<bool> begun_{false};
};

/// Runs `body(way)` as main in a runtime of one worker and in one of two.
template <class R, class Body>
void both_ways(Body body) {
  for (const bool stolen : {false, true}) {
    way how(stolen);
    R rt{{.threads = stolen ? 2U : 1U}};
    rt.run([&] { body(how); });
  }
}

}  // namespace tenon_test
