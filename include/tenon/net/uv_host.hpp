// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/libuv.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/runtime/embedding.hpp>
#include <tenon/task/task.hpp>

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

namespace tenon {

/// Runs a runtime on a uv_loop_t of the program's: the thread in its uv_run() is the runtime's worker 0.
///
///     edge rt{{.threads = 1}};
///     tenon::uv_host host(*uv_default_loop(), rt);
///     if (!host.launch(serve(rt))) return 1;
///     uv_run(uv_default_loop(), UV_RUN_DEFAULT);   // ends when the runtime has ended, and the loop's own handles have
///     host.rethrow();
///
/// Shape    A uv_poll_t on the runtime's descriptor and a uv_timer_t. It lives, like the runtime, until uv_run() ended.
/// Cost     A turn of the loop for each turn of the runtime: the handle's readiness, poll_once, the timer, whose clock
///          counts whole milliseconds.
/// Threads  The loop's.
/// Errors   launch: what embedding::launch throws, and what libuv says when the handle cannot be watched: the runtime
///          has then begun, and is for the caller to poll. What the launched task throws is kept, for it must not pass
///          through libuv: rethrow() gives it out.
/// Cancellation  rt.request_stop(), on any thread that may call it; then go on running the loop until it ends.
template <class R>
class uv_host {
  static_assert(
      detail::has_handle<typename R::backend::template loop<typename R::threading>>,
      "tenon::uv_host: the runtime's backend has no descriptor that stands for all it waits for; write epoll, "
      "io_uring<> or libuv in its place");

 public:
  /// How much of the runtime runs before the loop's own handles have their turn.
  static constexpr std::size_t items_a_turn = 64;

  uv_host(uv_loop_t& outer, R& runtime) : runtime_(runtime), outer_(outer) {}
  uv_host(const uv_host&) = delete;
  uv_host& operator=(const uv_host&) = delete;
  ~uv_host() { assert(open_handles_ == 0 && "tenon::uv_host: the uv_loop_t runs until the runtime has ended"); }

  result<void> launch(task<void> main) {
    runtime_.launch(std::move(main));
    if (const int error = ::uv_poll_init(&outer_, &handle_, runtime_.native_handle()); error != 0) {
      return error_of(-error);
    }
    ::uv_timer_init(&outer_, &timer_);
    handle_.data = timer_.data = this;
    open_handles_ = 2;
    lives_ = true;
    ::uv_poll_start(&handle_, UV_READABLE, [](uv_poll_t* of, int, int) { static_cast<uv_host*>(of->data)->turn(); });
    ::uv_timer_start(&timer_, come, 0, 0);  // the first turn
    return {};
  }

  /// After uv_run(): throws what left the launched task, if anything did.
  void rethrow() {
#if defined(__cpp_exceptions)
    if (std::exception_ptr error = std::exchange(failure_, nullptr)) std::rethrow_exception(std::move(error));
#endif
  }

 private:
  static void come(uv_timer_t* of) { static_cast<uv_host*>(of->data)->turn(); }

  void turn() noexcept {
    if (!lives_) return;
#if defined(__cpp_exceptions)
    try {
      lives_ = runtime_.poll_once(items_a_turn);
    } catch (...) {
      failure_ = std::current_exception();
      lives_ = false;
    }
#else
    lives_ = runtime_.poll_once(items_a_turn);
#endif
    if (lives_) return set_timer();
    close(timer_);
    close(handle_);  // the descriptor is the runtime's: it ends the wait and closes nothing
  }

  void set_timer() noexcept {
    const time_point due = runtime_.next_deadline();
    if (due == never) {
      ::uv_timer_stop(&timer_);
      return;
    }
    const duration left = due - runtime_.now();
    std::uint64_t milliseconds = 0;
    if (left > duration::zero()) {
      ::uv_update_time(&outer_);  // from now, not from the last turn; one more, since now is rounded down
      milliseconds = static_cast<std::uint64_t>(left / std::chrono::milliseconds(1)) + 2;
    }
    ::uv_timer_start(&timer_, come, milliseconds, 0);
  }

  template <class Handle>
  void close(Handle& handle) noexcept {
    auto& base = reinterpret_cast<uv_handle_t&>(handle);
    ::uv_close(&base, [](uv_handle_t* closed) { --static_cast<uv_host*>(closed->data)->open_handles_; });
  }

  R& runtime_;
  uv_loop_t& outer_;
  uv_poll_t handle_{};
  uv_timer_t timer_{};
  int open_handles_ = 0;
  bool lives_ = false;
#if defined(__cpp_exceptions)
  std::exception_ptr failure_;
#endif
};

}  // namespace tenon
