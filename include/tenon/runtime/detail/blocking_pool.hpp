// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/bell.hpp>
#include <tenon/core/work.hpp>
#include <tenon/runtime/detail/extension.hpp>

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <utility>

#include <pthread.h>

namespace tenon::detail {

/// What the pool runs: `run` is called once, on one of its threads, unless it is taken back before.
struct blocking_call : work {
  blocking_call* before = nullptr;
  blocking_call* after = nullptr;
  bool queued = false;  // the pool's, under its lock
};

/// Threads that may block: made when a call finds none idle, up to a limit; what is beyond that waits in a FIFO. A
/// thread that was idle for ten seconds leaves.
///
/// Invariants, under the lock:  (1) an idle thread means an empty queue: a thread looks at the queue before it goes
/// idle, and what comes while one is idle is given to it. (2) a queue that is not empty means a thread that is not idle
/// and has not left, which will look at the queue. (3) `threads_` counts those that have not said that they leave.
///
/// Idle threads are a stack: the one that was busy last is taken first, so that those that are not needed become old
/// and leave. A thread that leaves joins the one that left before it, so that joining the last joins all.
///
/// Threads  submit, take_back: any. end: one, when nothing more is submitted.
class blocking_pool : public extension {
 public:
  /// Each thread calls `begins(whom)` first.
  blocking_pool(std::size_t most, const char* name, std::time_t idle_seconds = 10,
                void (*begins)(const void* whom) noexcept = nullptr, const void* whom = nullptr) noexcept
      : begins_(begins), whom_(whom), most_(most != 0 ? most : 1), idle_seconds_(idle_seconds) {
    end = [](extension& part) noexcept {
      auto& self = static_cast<blocking_pool&>(part);
      self.join();
      delete &self;
    };
    (void)std::snprintf(title_, sizeof title_, "%.7s/block", name);
  }
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// 0; or EAGAIN when there is no thread and the system gives none.
  [[nodiscard]] int submit(blocking_call& call) noexcept {
    const holding lock(mutex_);
    if (idle_ != nullptr) {
      seat& taken = *idle_;
      unseat(taken);
      taken.given = &call;
      taken.bell.ring();
      return 0;
    }
    push(call);
    if (threads_ == most_) return 0;
    // Under the lock: whether a call may stay in the queue depends on it.
    ::pthread_t made{};
    const int error = ::pthread_create(&made, nullptr, &thread_body, this);
    if (error == 0) {
      ++threads_;
    } else if (threads_ == 0) {
      remove(call);
      return error;
    }
    return 0;
  }

  /// True: the call has not begun, and will not.
  [[nodiscard]] bool take_back(blocking_call& call) noexcept {
    const holding lock(mutex_);
    if (!call.queued) return false;
    remove(call);
    return true;
  }

  /// How many threads there are now.
  [[nodiscard]] std::size_t threads() noexcept {
    const holding lock(mutex_);
    return threads_;
  }

 private:
  /// Where a thread waits.
  struct seat {
    detail::bell bell;
    blocking_call* given = nullptr;
    seat* above = nullptr;
    seat* below = nullptr;
    bool is_idle = false;
  };

  ~blocking_pool() { ::pthread_mutex_destroy(&mutex_); }

  static void* thread_body(void* pool) noexcept {
    static_cast<blocking_pool*>(pool)->serve();
    return nullptr;
  }

  void serve() noexcept {
    ::pthread_setname_np(::pthread_self(), title_);
    if (begins_ != nullptr) begins_(whom_);
    leavers::left before;
    {
      seat own;
      const holding lock(mutex_);
      while (blocking_call* const call = next_call(own)) {
        ::pthread_mutex_unlock(&mutex_);
        call->run(*call);
        ::pthread_mutex_lock(&mutex_);
      }
      before = leavers_.leave();
      if (--threads_ == 0 && is_ending_) all_left_.ring();
    }
    before.join();  // it does no more than this very line
  }

  /// Under the lock: the next call, or null when it is time to leave.
  [[nodiscard]] blocking_call* next_call(seat& own) noexcept {
    if (blocking_call* const first = oldest_) {
      remove(*first);
      return first;
    }
    if (is_ending_) return nullptr;
    own.is_idle = true;
    own.above = nullptr;
    own.below = std::exchange(idle_, &own);
    if (own.below != nullptr) own.below->above = &own;
    timespec limit{};
    ::clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += idle_seconds_;
    int waited = 0;
    while (own.is_idle && !is_ending_ && waited != ETIMEDOUT) {
      waited = own.bell.wait_until(mutex_, limit);
    }
    if (own.is_idle) unseat(own);
    return std::exchange(own.given, nullptr);
  }

  void unseat(seat& s) noexcept {
    s.is_idle = false;
    (s.above != nullptr ? s.above->below : idle_) = s.below;
    if (s.below != nullptr) s.below->above = s.above;
  }

  void push(blocking_call& call) noexcept {
    call.queued = true;
    call.after = nullptr;
    call.before = std::exchange(newest_, &call);
    (call.before != nullptr ? call.before->after : oldest_) = &call;
  }
  void remove(blocking_call& call) noexcept {
    call.queued = false;
    (call.before != nullptr ? call.before->after : oldest_) = call.after;
    (call.after != nullptr ? call.after->before : newest_) = call.before;
  }

  /// Ends what was submitted, then the threads.
  void join() noexcept {
    {
      const holding lock(mutex_);
      is_ending_ = true;
      for (seat* each = idle_; each != nullptr; each = each->below) each->bell.ring();
      while (threads_ != 0) all_left_.wait(mutex_);
    }
    leavers_.last().join();
    assert(oldest_ == nullptr);
  }

  ::pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  bell all_left_;
  blocking_call* oldest_ = nullptr;
  blocking_call* newest_ = nullptr;
  seat* idle_ = nullptr;
  void (*begins_)(const void* whom) noexcept;
  const void* whom_;
  std::size_t most_;
  std::time_t idle_seconds_;
  std::size_t threads_ = 0;
  bool is_ending_ = false;
  leavers leavers_;
  char title_[16];
};

}  // namespace tenon::detail
