// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/branch_stack.hpp>
#include <tenon/core/detail/relax.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/work.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <sched.h>

namespace tenon::detail {

/// A worker's part in fork_join: its stack of branches, and its hand in those of others when it has nothing to run.
///
/// In a runtime whose workers do not share their tasks it is not there, and branches run where they are forked.
template <class Worker, bool Shares>
class forking {
 public:
  explicit forking(Worker& /*owner*/) noexcept {}
  [[nodiscard]] static fork_stack& stack() noexcept { return no_forks; }
  static void item_ended() noexcept {}
  [[nodiscard]] static bool take() noexcept { return false; }
  [[nodiscard]] static bool help() noexcept { return false; }
  [[nodiscard]] static bool others_share() noexcept { return false; }
  [[nodiscard]] static bool may_sleep() noexcept { return true; }
};

template <class Worker>
class forking<Worker, true> {
  using clock = std::chrono::steady_clock;

 public:
  explicit forking(Worker& owner) noexcept : owner_(owner) { stack_.belong_to(this, hooks); }

  [[nodiscard]] fork_stack& stack() noexcept { return stack_; }

  void item_ended() noexcept {
    if (stack_.active() && !serving_) stack_.close();
  }

  /// The worker has nothing to run: runs a branch that another has shared. False when there is none; then those who
  /// fork have been asked.
  [[nodiscard]] bool take() noexcept {
    const std::size_t all = owner_.runtime_.workers();
    is_hopeful_ = false;
    for (std::size_t i = 1; i < all; ++i) {
      fork_stack& theirs = owner_.runtime_.worker_at((owner_.index_ + i) % all).forks();
      if (!theirs.active()) continue;
      if (fork_stack::branch* const got = stack_.claim(theirs)) {
        owner_.end_search();
        stack_.run(*got);
        item_ended();
        looked_ = 0;
        keep_turning();
        return true;
      }
      theirs.ask();
      is_hopeful_ = true;
    }
    return false;
  }
  /// The same, and while others fork it looks for a while longer than it finds something, since a sleeper is twenty
  /// microseconds late. False when it may sleep.
  [[nodiscard]] bool help() noexcept {
    if (take()) return true;
    if (!is_hopeful_ || ++looked_ == patience) {
      looked_ = 0;
      return false;
    }
    relax();
    if (looked_ % 64 == 0) owner_.turn();
    return true;
  }
  [[nodiscard]] bool others_share() noexcept {
    for (std::size_t i = 0; i < owner_.runtime_.workers(); ++i) {
      if (owner_.runtime_.worker_at(i).forks().sharing()) return true;
    }
    return false;
  }
  /// Once the worker counts as asleep: false when there is a branch to take after all. Who forks on is asked to call.
  [[nodiscard]] bool may_sleep() noexcept {
    const std::size_t all = owner_.runtime_.workers();
    for (std::size_t i = 1; i < all; ++i) {
      fork_stack& theirs = owner_.runtime_.worker_at((owner_.index_ + i) % all).forks();
      if (theirs.sharing()) return false;
      if (theirs.active()) theirs.ask();
    }
    return true;
  }

 private:
  static constexpr unsigned patience = 2'000;  // looks; some 50 us
  static constexpr unsigned spins = 64;
  static constexpr int items_served = 16;
  static constexpr std::int32_t most_forks = 1'024;
  static constexpr auto look_at_clock_every = std::chrono::microseconds(20);
  static constexpr auto serve_every = std::chrono::microseconds(200);

  static forking& self(void* its) noexcept { return *static_cast<forking*>(its); }

  static bool idle(void* its) noexcept { return self(its).owner_.runtime_.idle().anyone(); }
  static void call(void* its) noexcept { self(its).owner_.call_if_wanted(); }
  static std::int32_t tick(void* its, std::int32_t forks) noexcept { return self(its).keep_time(forks); }
  static void pause(void* its, unsigned round) noexcept {
    if (round < spins) return relax();
    if (round % 16 == 0) (void)self(its).keep_time(1);
    ::sched_yield();
  }
  static constexpr branch_hooks hooks{&idle, &call, &tick, &pause};

  /// `forks` after it was asked last, or at the first of an item (0). A clock at each would cost ten times the fork,
  /// and a fixed number would say nothing of time: so it asks after as many as take some twenty microseconds.
  [[nodiscard]] std::int32_t keep_time(std::int32_t forks) noexcept {
    const clock::time_point now = clock::now();
    const auto spent = now - std::exchange(looked_at_, now);
    if (forks == 0) {
      served_at_ = now;
      return 1;
    }
    if (now - served_at_ >= serve_every) serve();
    const std::int64_t most = std::int64_t{forks} * 8 < most_forks ? std::int64_t{forks} * 8 : most_forks;
    const std::int64_t fitting = spent.count() <= 0 ? most : forks * look_at_clock_every / spent;
    return static_cast<std::int32_t>(fitting < 1 ? 1 : fitting < most ? fitting : most);
  }

  /// Between two stolen branches, which are no items: a turn is due by the clock.
  void keep_turning() noexcept {
    const clock::time_point now = clock::now();
    if (now - turned_at_ < serve_every) return;
    turned_at_ = now;
    owner_.turn();
  }

  /// In the middle of an item: its I/O, timers, and some of what is ready. What runs here forks nothing out, for a
  /// thief's waiter may take only what descends from what the thief runs.
  void serve() noexcept {
    serving_ = true;
    fork_stack* const before = std::exchange(owner_.thread_->forks, &no_forks);
    const unsigned depth = owner_.thread_->depth, chain = owner_.thread_->chain;
    owner_.turn();
    for (int i = 0; i < items_served; ++i) {
      work* item = owner_.local_.next();
      if (item == nullptr && i == 0) {  // what comes from outside; a searcher, for it may bring more than it runs
        owner_.search();
        item = owner_.local_.find();
        owner_.end_search();
      }
      owner_.tell();
      if (item == nullptr) break;
      owner_.execute(*item);
    }
    owner_.thread_->depth = depth;
    owner_.thread_->chain = chain;
    owner_.thread_->forks = before;
    serving_ = false;
    looked_at_ = served_at_ = clock::now();
  }

  Worker& owner_;
  fork_stack stack_;
  unsigned looked_ = 0;
  bool is_hopeful_ = false;  // the last look found somebody who forks
  bool serving_ = false;
  clock::time_point looked_at_{};
  clock::time_point served_at_{};
  clock::time_point turned_at_{};  // between two stolen branches
};

}  // namespace tenon::detail
