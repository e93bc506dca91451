// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/branch_stack.hpp>
#include <tenon/core/detail/child_stack.hpp>
#include <tenon/core/detail/shelf.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/timer.hpp>
#include <tenon/core/work.hpp>

#include <cstddef>

namespace tenon {

/// What code that does not name its runtime sees of a worker: `sleep_for`, `yield` and `when_all` work in any of them.
///
/// A worker derives from it. Code that names its runtime never comes through here and pays no indirect call.
///
/// schedule  The worker's own thread: `item` runs soon, after what is ready already. `env` is that of the task it
///           belongs to: its level counts where the scheduling has levels.
/// post      Any thread (in a single-threaded runtime: its own): `item` runs soon, on this worker if its scheduling
///           binds tasks to workers, else on any worker of the runtime.
/// pin       Any thread, likewise: `item` runs on this very worker.
/// arm       The worker's own thread: `item.run` is called on it at or after the deadline.
/// disarm    The worker's own thread: takes an armed timer back.
/// now       The runtime's clock.
class loop {
 public:
  struct operations {
    void (*schedule)(loop&, work&, const environment&) noexcept;
    void (*post)(loop&, work&, const environment&) noexcept;
    void (*pin)(loop&, work&) noexcept;
    void (*arm)(loop&, timer&) noexcept;
    void (*disarm)(loop&, timer&) noexcept;
    time_point (*now)(loop&) noexcept;
  };

  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  void schedule(work& item, const environment& env) noexcept { operations_.schedule(*this, item, env); }
  void post(work& item, const environment& env) noexcept { operations_.post(*this, item, env); }
  void pin(work& item) noexcept { operations_.pin(*this, item); }
  void arm(timer& item) noexcept { operations_.arm(*this, item); }
  void disarm(timer& item) noexcept { operations_.disarm(*this, item); }
  [[nodiscard]] time_point now() noexcept { return operations_.now(*this); }
  /// The runtime it belongs to: how a runtime knows its own workers.
  [[nodiscard]] const void* owner() const noexcept { return owner_; }

 protected:
  loop(const operations& table, const void* owner) noexcept : operations_(table), owner_(owner) {}
  ~loop() = default;

 private:
  const operations& operations_;
  const void* owner_;
};

namespace detail {

/// Whether a coroutine that resumes another one may use stack for it: without optimisation, and under sanitizers.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_DETAIL_TRANSFERS_NEST 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TENON_DETAIL_TRANSFERS_NEST 1
#endif
#endif
#if defined(TENON_DETAIL_TRANSFERS_NEST)
inline constexpr bool transfers_nest = true;
#else
inline constexpr bool transfers_nest = false;
#endif
#undef TENON_DETAIL_TRANSFERS_NEST

/// How many times coroutines may resume one another by the starts and ends of tasks before the worker gets its turn. It
/// keeps a chain of ready awaits from starving I/O, and bounds the stack where transfers nest.
inline constexpr unsigned chain_depth = transfers_nest ? 128 : 1024;

/// How coroutine frames are got on a thread: a worker's arena behind three plain functions, one table a memory policy.
struct frame_source {
  void* (*allocate)(void* arena, std::size_t bytes);
  void (*deallocate)(void* arena, void* chunk, std::size_t bytes) noexcept;
  void (*release)(void* chunk, std::size_t bytes) noexcept;  // any thread, no arena
};

/// What this thread is doing for tenon. A worker sets it when it begins to run and puts back what was there when it
/// ends.
struct this_thread {
  loop* current = nullptr;
  const frame_source* frames = nullptr;
  void* arena = nullptr;
  shelf* shelves = no_shelves;           // those of the arena, where it has such
  child_stack* children = &no_children;  // of tasks, that a worker keeps to itself until somebody asks for them
  unsigned chain = 0;                    // how many more tasks may start one another before the worker gets its turn
  unsigned depth = 0;                    // waits that were over at once since the worker last took an item
  fork_stack* forks = &no_forks;
};

inline constinit thread_local this_thread this_thread_storage{};

#if defined(__clang__) && __clang_major__ < 17
/// Not inlined: an older clang keeps a thread-local's address across a suspension, after which the thread is another
/// one.
[[nodiscard, gnu::noinline]] inline this_thread& here() noexcept { return this_thread_storage; }
#else
[[nodiscard]] inline this_thread& here() noexcept { return this_thread_storage; }
#endif

}  // namespace detail

}  // namespace tenon
