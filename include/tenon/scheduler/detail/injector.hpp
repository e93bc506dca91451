// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/detail/relax.hpp>
#include <tenon/core/work.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>

namespace tenon::detail {

/// A list of work that any thread fills and any worker empties, first come first served: under a lock, because it is
/// off the way of everything that stays on a worker.
///
/// Edges    size_ is written under the lock with sequential consistency, and empty() reads it so: "push, then read who
///          sleeps" and "say I sleep, then read empty()" cannot both miss the other.
/// Shape    One cache line and the mutex; items are linked through themselves, so there is no limit and no allocation.
/// Threads  Any.
template <class Threading>
class injector {
 public:
  void push(work& item) noexcept {
    const std::lock_guard lock(taken_soon(), std::adopt_lock);
    list_.push(item);
    size_.store(size_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
  }

  [[nodiscard]] work* pop() noexcept {
    if (empty()) return nullptr;
    const std::lock_guard lock(taken_soon(), std::adopt_lock);
    return pop_locked();
  }

  /// Pops one, and up to `share` of the others, but not more than half of them, into `more`.
  [[nodiscard]] work* pop_some(std::size_t share, work_list& more) noexcept {
    if (empty()) return nullptr;
    const std::lock_guard lock(taken_soon(), std::adopt_lock);
    work* const first = pop_locked();
    const std::size_t half = size_.load(std::memory_order_relaxed) / 2;
    for (std::size_t left = share < half ? share : half; left > 0; --left) more.push(*pop_locked());
    return first;
  }

  [[nodiscard]] bool empty() const noexcept { return size_.load(std::memory_order_seq_cst) == 0; }

 private:
  static constexpr int looks = 100;

  /// It is held for a few instructions: to look again costs less than to sleep and to be woken, two system calls.
  [[nodiscard]] typename Threading::mutex& taken_soon() noexcept {
    for (int i = 0; i < looks; ++i) {
      if (mutex_.try_lock()) return mutex_;
      relax();
    }
    mutex_.lock();
    return mutex_;
  }

  [[nodiscard]] work* pop_locked() noexcept {
    work* const item = list_.pop();
    if (item != nullptr) size_.store(size_.load(std::memory_order_relaxed) - 1, std::memory_order_seq_cst);
    return item;
  }

  alignas(cache_line) typename Threading::mutex mutex_;
  work_list list_;
  typename Threading::template atomic<std::size_t> size_{0};
};

}  // namespace tenon::detail
