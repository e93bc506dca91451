// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/on_stop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/sync/detail/permits.hpp>

#include <cassert>
#include <cstddef>
#include <mutex>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail::syncing {

struct no_completion {
  void operator()() const noexcept {}
};

}  // namespace detail::syncing

/// A number of tasks that meet again and again: each waits until all have arrived, and then the next phase begins.
///
///     tenon::barrier round(4);
///     for (;;) {
///       compute_my_part();
///       co_await round.arrive_and_wait();
///     }
///
/// Shape         `barrier(n, f)`: f() is called once a phase, by the last that arrives, before anybody goes on.
/// Cost          An arrival: a few instructions under a mutex. The last one sends all on in one go.
/// Threads       arrive_and_wait: on a worker of a runtime. arrive, arrive_and_drop: any thread. Phases complete one
///               after the other; what was done before an arrival is seen by f and after the phase.
/// Errors        arrive_and_wait: operation_canceled. f must not throw. More arrivals in a phase than are expected is a
///               programming mistake and asserts.
/// Cancellation  A stop request ends the waiting; the arrival stands. The next phases go on expecting it: who leaves
///               for good calls arrive_and_drop().
/// When not      Once: latch. To run branches and collect what they give: when_all.
template <class Threading = multi_thread, class Completion = detail::syncing::no_completion>
class basic_barrier {
  static_assert(std::is_nothrow_invocable_v<Completion&>,
                "tenon::barrier<F>: F is called as f() and must not throw; declare it noexcept");

 public:
  using threading = Threading;

  explicit basic_barrier(std::size_t expected, Completion completion = Completion()) noexcept(
      std::is_nothrow_move_constructible_v<Completion>)
      : completion_(std::move(completion)), expected_(expected), left_(expected) {}

  /// Arrives when it is called, and waits for the end of the phase; gives a result<void>.
  [[nodiscard]] auto arrive_and_wait(on_stop stop = on_stop::cancel) noexcept {
    return detail::syncing::permit_wait<Threading>(over_, arrive_at(false) + 1, 0, stop);
  }
  /// Arrives and does not wait.
  void arrive() noexcept { (void)arrive_at(false); }
  /// Arrives, does not wait, and is not expected any more.
  void arrive_and_drop() noexcept { (void)arrive_at(true); }
  /// How many phases are over.
  [[nodiscard]] std::size_t phase() const noexcept { return over_.available(); }

 private:
  // over_ = phases that are over. phase_ = the one that arrivals count for: while `f` runs, completing_ is true and
  // they count for the next, in early_. So phases complete one by one, by one task at a time.

  /// The phase that the arrival is of.
  [[nodiscard]] std::size_t arrive_at(bool drops) noexcept {
    std::size_t mine = 0;
    {
      const std::lock_guard hold(mutex_);
      if (drops) --expected_;
      if (completing_) {
        if (!drops) ++early_;
        return phase_ + 1;
      }
      assert(left_ != 0 && "tenon::barrier: more arrivals than are expected");
      mine = phase_;
      completing_ = --left_ == 0;
      if (!completing_) return mine;
    }
    while (complete()) {
    }
    return mine;
  }

  /// True when the next phase is complete too.
  [[nodiscard]] bool complete() noexcept {
    completion_();
    bool again = false;
    {
      const std::lock_guard hold(mutex_);
      assert(early_ <= expected_ && "tenon::barrier: more arrivals than are expected");
      ++phase_;
      left_ = expected_ - std::exchange(early_, 0);
      again = left_ == 0 && expected_ != 0;
      completing_ = again;
    }
    over_.give(1, detail::syncing::permits<Threading>::most);
    return again;
  }

  [[no_unique_address]] Completion completion_;
  [[no_unique_address]] typename Threading::mutex mutex_;
  std::size_t expected_;
  std::size_t left_;
  std::size_t early_ = 0;
  std::size_t phase_ = 0;
  bool completing_ = false;
  detail::syncing::permits<Threading> over_{0};
};

/// basic_barrier<>, which deduces the type of its completion: `tenon::barrier round(4, [&]() noexcept { ++rounds; });`
template <class Completion = detail::syncing::no_completion>
class barrier : public basic_barrier<multi_thread, Completion> {
 public:
  explicit barrier(std::size_t expected,
                   Completion completion = Completion()) noexcept(std::is_nothrow_move_constructible_v<Completion>)
      : basic_barrier<multi_thread, Completion>(expected, std::move(completion)) {}
};

}  // namespace tenon
