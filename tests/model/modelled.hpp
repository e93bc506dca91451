// SPDX-License-Identifier: BSL-1.0
#pragma once

// A threading word whose atomics are Relacy's: with it the library's own lock-free headers are what is modelled.
// Include this after them: Relacy defines assert, malloc and errno as macros, which are taken back below.

#include <tenon/core/threading.hpp>
#include <tenon/queue/detail/slot.hpp>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif
#include <relacy/relacy.hpp>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wdollar-in-identifier-extension"  // Relacy's `$` is where a call stands
#endif

#undef assert
#undef calloc
#undef errno
#undef free
#undef malloc
#undef realloc

namespace tenon::model {

constexpr rl::memory_order order(std::memory_order how) noexcept {
  switch (how) {
    case std::memory_order_relaxed: return rl::mo_relaxed;
    case std::memory_order_consume:
    case std::memory_order_acquire: return rl::mo_acquire;
    case std::memory_order_release: return rl::mo_release;
    case std::memory_order_acq_rel: return rl::mo_acq_rel;
    default: return rl::mo_seq_cst;
  }
}

/// std::atomic's face over Relacy's atomic. A build with -DWEAKEN=acquire (release, acq_rel, seq_cst) makes all orders
/// of that kind relaxed, and a model that needs them must then fail: how we know that it would notice.
template <class T>
class atomic {
 public:
  atomic() = default;
  explicit atomic(T value) : impl_(value) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(std::memory_order how = std::memory_order_seq_cst) const { return impl_.load(order(weakened(how)), $); }
  void store(T value, std::memory_order how = std::memory_order_seq_cst) {
    impl_.store(value, order(weakened(how)), $);
  }
  T exchange(T value, std::memory_order how = std::memory_order_seq_cst) {
    return impl_.exchange(value, order(weakened(how)), $);
  }
  T fetch_add(T by, std::memory_order how = std::memory_order_seq_cst) {
    return impl_.fetch_add(by, order(weakened(how)), $);
  }
  T fetch_sub(T by, std::memory_order how = std::memory_order_seq_cst) {
    return impl_.fetch_sub(by, order(weakened(how)), $);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order how = std::memory_order_seq_cst) {
    return impl_.compare_exchange_strong(expected, desired, order(weakened(how)), rl::mo_relaxed, $);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order how, std::memory_order otherwise) {
    if (weakened(how) == std::memory_order_relaxed)
      otherwise = std::memory_order_relaxed;  // Relacy wants it no stronger
    return impl_.compare_exchange_strong(expected, desired, order(weakened(how)), order(weakened(otherwise)), $);
  }

 private:
  static constexpr std::memory_order weakened(std::memory_order how) noexcept {
#if defined(WEAKEN)
    if (how == std::memory_order::WEAKEN) return std::memory_order_relaxed;
#endif
    return how;
  }

  rl::atomic<T> impl_;
};

/// std::mutex's face over Relacy's. To look in vain before one waits is the same as to wait.
class mutex {
 public:
  void lock() { impl_.lock($); }
  bool try_lock() {
    impl_.lock($);
    return true;
  }
  void unlock() { impl_.unlock($); }

 private:
  rl::mutex impl_;
};

struct threads : family::threading {
  static constexpr auto word = fixed_string("modelled_threads");
  static constexpr bool concurrent = true;
  template <class T>
  using atomic = model::atomic<T>;
  using mutex = model::mutex;
};

/// A backend's sticky wake-up: wake() is kept until the next wait(). A wait() that nobody ends is a deadlock, which
/// Relacy reports.
class wake_up {
 public:
  void wake() {
    mutex_.lock($);
    pending_($) = 1;
    arrived_.notify_one($);
    mutex_.unlock($);
  }
  void wait() {
    mutex_.lock($);
    while (pending_($) == 0) arrived_.wait(mutex_, $);
    pending_($) = 0;
    mutex_.unlock($);
  }

 private:
  rl::mutex mutex_;
  rl::condition_variable arrived_;
  rl::var<int> pending_{0};
};

/// Explores model M: every execution with at most `preemptions` of them (all executions when that is `unbounded`), or
/// `runs` at random. Says how many there were; false when one failed, and then tells its story.
inline constexpr unsigned unbounded = ~0U;

template <class M>
bool report(const char* name, const std::string& how, rl::test_params& params) {
  rl::ostringstream story;
  params.execution_depth_limit = 10'000;
  params.output_stream = &story;
  params.progress_stream = &story;
  const bool good = rl::simulate<M>(params);
  std::printf("%-46s %-18s %11lu  %s\n", name, how.c_str(), static_cast<unsigned long>(params.stop_iteration),
              good ? "ok" : "FAILED");
  if (!good && std::getenv("STORY") != nullptr) std::puts(story.str().c_str());
  std::fflush(stdout);
  return good;
}

template <class M>
bool explore(const char* name, unsigned preemptions) {
  rl::test_params params;
  params.search_type = preemptions == unbounded ? rl::sched_full : rl::sched_bound;
  params.context_bound = preemptions;
  return report<M>(name, preemptions == unbounded ? "all" : "preemptions <= " + std::to_string(preemptions), params);
}

template <class M>
bool at_random(const char* name, unsigned runs) {
  rl::test_params params;
  params.search_type = rl::sched_random;
  params.iteration_count = runs;
  return report<M>(name, "random", params);
}

}  // namespace tenon::model

namespace tenon::detail {

/// A slot that notices two threads in it, and a take() of what is not there.
template <class T>
class slot<T, model::threads> {
 public:
  void put(T&& item) noexcept {
    RL_ASSERT(full_($) == 0);
    value_($) = item;
    full_($) = 1;
  }
  [[nodiscard]] std::optional<T> take() noexcept {
    RL_ASSERT(full_($) == 1);
    full_($) = 0;
    return T(value_($));
  }

 private:
  rl::var<T> value_{T{}};
  rl::var<int> full_{0};
};

}  // namespace tenon::detail
