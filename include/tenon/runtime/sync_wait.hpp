// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/none.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/result.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/fifo.hpp>
#include <tenon/task/task.hpp>
#include <tenon/topology/machine.hpp>

#include <cstddef>
#include <exception>
#include <system_error>
#include <type_traits>
#include <utility>

#include <pthread.h>

namespace tenon {

namespace detail {

/// Where a thread waits for the outcome of a task that runs on others.
///
/// It lies on the stack of the thread that waits, and is gone as soon as that thread has seen `there_`. So the last
/// thing the other side does with it is to unlock the mutex: POSIX lets a mutex be destroyed by whoever locks it next.
/// Not std::condition_variable, whose header costs more than all of this.
template <class T>
class rendezvous {
 public:
  rendezvous() = default;
  rendezvous(const rendezvous&) = delete;
  rendezvous& operator=(const rendezvous&) = delete;
  ~rendezvous() {
    ::pthread_cond_destroy(&came_);
    ::pthread_mutex_destroy(&mutex_);
  }

  /// Runs `body` and tells its outcome. Its frame is gone by then: it may refer to what the waiting thread owns.
  static task<void> meet(task<T> body, rendezvous* at) {
    co_await at->fetch(std::move(body));
    at->arrive();
  }

  [[nodiscard]] T wait() {
    ::pthread_mutex_lock(&mutex_);
    while (!there_) ::pthread_cond_wait(&came_, &mutex_);
    ::pthread_mutex_unlock(&mutex_);
    return out_.take();
  }

 private:
  task<void> fetch(task<T> given) {
    task<T> body = std::move(given);  // a parameter would live as long as meet() does
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (std::is_void_v<T>) {
        co_await std::move(body);
      } else {
        out_.set(co_await std::move(body));
      }
#if defined(__cpp_exceptions)
    } catch (...) {
      out_.fail(std::current_exception());
    }
#endif
  }

  void arrive() noexcept {
    ::pthread_mutex_lock(&mutex_);
    there_ = true;
    ::pthread_cond_signal(&came_);
    ::pthread_mutex_unlock(&mutex_);
  }

  outcome<T> out_;
  bool there_ = false;
  ::pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  ::pthread_cond_t came_ = PTHREAD_COND_INITIALIZER;
};

/// The calling thread and nothing else, which needs no look at the machine.
struct this_thread_alone : family::topology {
  static constexpr auto word = fixed_string("this_thread_alone");
  static constexpr bool pins = false;

  [[nodiscard]] static machine read() { return {.concurrency = 1}; }
  [[nodiscard]] static std::size_t concurrency() noexcept { return 1; }
  static result<void> pin(const machine& /*where*/, std::size_t /*worker*/) noexcept { return {}; }
  static result<void> unpin(const machine& /*where*/) noexcept { return {}; }
};

/// What runs a task that was given no runtime. One thread, but not `single_thread`: the task may go to another runtime
/// by schedule_on, and what it waits for may end on another thread.
using bystander = tenon::runtime<none, fifo, this_thread_alone>;

}  // namespace detail

/// Runs a task on a runtime that another thread runs, blocks this thread until it has ended, and gives what it gave.
///
///     edge rt{{.threads = 4}};
///     std::thread background([&rt] { rt.run(); });
///     const auto page = tenon::sync_wait(rt, fetch(url));   // from main(), a test, a thread of another library
///
/// Cost          Three frames, one of them the task's root, and one sleep of this thread.
/// Threads       Any but the workers of that runtime, which would wait for themselves: there, co_await the task. Before
///               run() it waits until somebody runs the runtime. On a worker of another runtime it blocks that worker.
/// Errors        What leaves the task. std::system_error with resource_deadlock_would_occur on a worker of `runtime`,
///               with operation_canceled when the runtime drains or is stopped; then nothing was run. A single_thread
///               runtime does not compile.
/// Cancellation  The task is a detached one of the runtime: when that drains meanwhile, the task is asked to stop and
///               waited for, and what it then gives is the result.
template <class Runtime, class T>
T sync_wait(Runtime& runtime, task<T> body) {
  static_assert(
      Runtime::has_remote_post,
      "tenon::sync_wait(runtime<..., single_thread>, task): there is no other thread that could run it; write "
      "rt.run(task), or multi_thread in place of single_thread");
  if constexpr (Runtime::has_remote_post) {
    if (runtime.current() != nullptr) detail::raise(std::make_error_code(std::errc::resource_deadlock_would_occur));
    detail::rendezvous<T> here;
    if (!runtime.spawn(&detail::rendezvous<T>::meet, std::move(body), &here)) {
      detail::raise(std::make_error_code(std::errc::operation_canceled));
    }
    return here.wait();
  }
}

/// Runs a task to its end on this thread, with a runtime of its own that has timers and no I/O, and gives what it gave.
///
///     const int sum = tenon::sync_wait(add_up(numbers));    // in main(), in a test
///
/// Cost     A runtime is made and drained: some microseconds. Who does it often names a runtime and keeps it.
/// Threads  Any but workers of a runtime, which it would block: there, co_await the task.
/// Errors   What leaves the task. std::system_error with resource_deadlock_would_occur on a worker.
template <class T>
T sync_wait(task<T> body) {
  if (detail::here().current != nullptr) {
    detail::raise(std::make_error_code(std::errc::resource_deadlock_would_occur));
  }
  detail::bystander own;
  return own.run(std::move(body));
}

}  // namespace tenon
