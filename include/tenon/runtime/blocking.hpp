// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/runtime/detail/offloaded.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// A call that lies in the frame of the coroutine that waits for it.
template <class Fn, class... Args>
class blocking_here : public offload_wait {
  using call_type = call_of<Fn, Args...>;

 public:
  template <class... Parts>
  explicit blocking_here(blocking_pool& pool, time_point until, Parts&&... parts)
      : offload_wait(pool, until), call_(std::in_place, std::forward<Parts>(parts)...) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    return this->begin(waiter, call_);
  }
  [[nodiscard]] typename awaited<typename call_type::value>::type await_resume() {
    if (this->error() != 0) return error_of(this->error());
    return value_of(call_);
  }

 private:
  call_type call_;
};

}  // namespace detail

/// The same with a deadline: std::errc::timed_out when it passes before the call has begun.
template <class Runtime, class Fn, class... Args>
[[nodiscard]] auto blocking_until(Runtime& runtime, time_point deadline, Fn&& fn, Args&&... args) {
  static_assert(Runtime::threading::concurrent,
                "tenon::blocking: no thread may call into a runtime of single_thread, so none can bring a value back; "
                "write multi_thread with .threads = 1 in place of single_thread");
  if constexpr (Runtime::threading::concurrent) {
    typename Runtime::runtime& base = runtime;
    return detail::blocking_here<std::decay_t<Fn>, std::decay_t<Args>...>(
        detail::pool_of(base), deadline, std::forward<Fn>(fn), std::forward<Args>(args)...);
  }
}

/// Runs `fn(args...)` on a thread that may block, and gives its value: for calls that wait in the kernel or compute for
/// long, while the worker goes on with other tasks.
///
///     auto page = co_await tenon::blocking(rt, read_from_tape, reel);     // result<page>: no result of a result
///     auto n = co_await tenon::blocking(rt, count_slowly, std::ref(data));
///
/// Shape         fn and args are copied or moved into the coroutine's frame, as std::thread keeps them; a fn that takes
///               a std::stop_token as its last argument is given the task's, as by std::jthread.
/// Cost          One pointer in a runtime that never calls it. A call: two thread switches, one lock, no
///               allocation. Threads are made on demand, up to `settings::blocking_threads`; calls beyond that wait in
///               a FIFO; a thread that was idle for ten seconds leaves. When the runtime ends they are joined, after
///               its workers.
/// Threads       Any task. It goes on on the worker where it was, or, where the scheduling steals, on any.
/// Errors        What fn throws comes out of co_await. operation_canceled and timed_out: it was not run.
///               resource_unavailable_try_again: the system gives no thread and there is none.
/// Cancellation  A call that has not begun is taken back. One that has is awaited, since it may use the frame: it ends
///               early only if fn heeds its token. To leave it behind instead: `abandonable`.
template <class Runtime, class Fn, class... Args>
[[nodiscard]] auto blocking(Runtime& runtime, Fn&& fn, Args&&... args) {
  return blocking_until(runtime, never, std::forward<Fn>(fn), std::forward<Args>(args)...);
}

}  // namespace tenon
