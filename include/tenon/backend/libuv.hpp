// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/backend/detail/timeout.hpp>
#include <tenon/backend/detail/wake_word.hpp>

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include <uv.h>

namespace tenon {

/// Waits in a libuv loop of its own: for programs whose other parts live on libuv, which native() gives them.
///
///     using my_runtime = tenon::runtime<tenon::libuv, tenon::affinity<>>;
///
/// Shape    A uv_loop_t with a timer and, when concurrent, an async handle; a heap node a source, from attach on.
/// Cost     One uv_run a turn; each operation its own system call. Reading stays armed until data comes that nobody
///          waits for, so that a conversation arms nothing. No allocation an operation.
/// Threads  One, but for attempt and wake.
/// Errors   open: EMFILE, ENOMEM. attach: EEXIST, EBADF, ENOMEM. Regular files are taken: they are always ready.
///          Timeouts end up to two milliseconds late, since libuv's clock counts whole ones; a signal does not end a
///          wait.
/// Source   libuv 1.x, uv_poll_t
struct libuv : family::backend {
  static constexpr auto word = fixed_string("libuv");
  static constexpr bool performs_io = true;
  static constexpr bool proactor = false;

  template <class Threading>
  class loop {
   public:
    struct source : detail::ready_source<Threading> {
      int armed = 0;                 ///< the events it is told of
      uv_poll_t* watcher = nullptr;  ///< none for a regular file
    };

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
      if (is_open_) shut();
    }

    [[nodiscard]] result<void> open() noexcept {
      if (const int error = ::uv_loop_init(&loop_); error != 0) return error_of(-error);
      loop_.data = this;
      is_open_ = true;
      int error = ::uv_timer_init(&loop_, &timer_);
      if constexpr (Threading::concurrent) {
        if (error == 0) error = ::uv_async_init(&loop_, &bell_, [](uv_async_t*) {});
      }
      if (error == 0) return {};
      shut();
      return error_of(-error);
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      s.watcher = nullptr;
      s.armed = 0;
      auto* const made = new (std::nothrow) uv_poll_t{};
      if (made == nullptr) return std::errc::not_enough_memory;
      const int error = ::uv_poll_init(&loop_, made, s.fd);
      if (error != 0) {
        delete made;
        if (error != UV_EPERM) return error_of(-error);
        s.ended.store(true, std::memory_order_relaxed);  // a regular file: no call on it will block
        return {};
      }
      made->data = &s;
      s.watcher = made;
      return {};
    }

    void detach(source& s) noexcept {
      assert(s.is_idle());
      uv_poll_t* const old = std::exchange(s.watcher, nullptr);
      if (old == nullptr) return;
      old->data = nullptr;
      // The descriptor is free at once; libuv keeps the handle until a later turn, so it lies apart from the source.
      ::uv_close(reinterpret_cast<uv_handle_t*>(old), free_watcher);
    }

    [[nodiscard]] static bool attempt(io_operation& op) noexcept { return detail::attempt_ready<Threading>(op); }
    [[nodiscard]] static bool attempt_here(io_operation& op) noexcept { return detail::attempt_here<Threading>(op); }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (detail::start_ready<Threading>(op)) return true;
      auto& s = static_cast<source&>(*op.source);
      const int error = arm(s, wanted(s) | (s.armed & UV_READABLE));
      if (error == 0) return false;
      detail::ready_side<Threading>& side = s.side(op.kind);
      side.pending = nullptr;
      side.ready.store(true, std::memory_order_relaxed);
      op.outcome = error;
      return true;
    }

    void cancel(io_operation& op) noexcept {
      auto& s = static_cast<source&>(*op.source);
      if (detail::cancel_ready<Threading>(op, done_)) arm(s, wanted(s) | (s.armed & UV_READABLE));
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!done_.empty()) timeout = {};
      if (timeout.count() != 0 && !wake_.park()) timeout = {};
      turns_ = true;
      if (timeout.count() == 0) {
        ::uv_run(&loop_, UV_RUN_NOWAIT);
      } else {
        // Without limit it needs a handle that keeps the loop alive all the same: the bell, or a very long timer.
        constexpr std::int64_t day = 24 * 60 * 60 * 1000;
        const bool is_timed = timeout.count() > 0 || !Threading::concurrent;
        if (is_timed) {
          ::uv_update_time(&loop_);  // from now, not from the last turn; one more, since now is rounded down
          ::uv_timer_start(
              &timer_, [](uv_timer_t*) {},
              static_cast<std::uint64_t>(timeout.count() < 0 ? day
                                                             : detail::to_milliseconds(timeout) + std::int64_t{1}),
              0);
        }
        ::uv_run(&loop_, UV_RUN_ONCE);
        if (is_timed) ::uv_timer_stop(&timer_);
      }
      turns_ = false;
      wake_.unpark();
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (wake_.notify()) ::uv_async_send(&bell_);
    }

    /// A handle of the program's own has left work for this thread: libuv runs timers, and others, before it waits, so
    /// this very turn is not to wait any more.
    void hurry() noexcept {
      if (turns_) ::uv_stop(&loop_);  // the turn takes it back as it ends
    }

    [[nodiscard]] std::string_view note() const noexcept { return {}; }

    [[nodiscard]] static result<void> expose() noexcept { return {}; }
    [[nodiscard]] int handle() const noexcept { return ::uv_backend_fd(&loop_); }
    [[nodiscard]] bool doze() noexcept {
      if (!done_.empty()) return false;
      // Only here does libuv tell the kernel of what was armed. Before it parks: a turn after that would take in the
      // bell that is to wake the host, and nobody would know.
      ::uv_run(&loop_, UV_RUN_NOWAIT);
      if (!done_.empty() || !wake_.park()) return false;
      if (due().count() != 0 && detail::is_quiet(handle())) return true;
      wake_.unpark();
      return false;
    }
    /// When handles of the program's own want a turn; negative: never.
    [[nodiscard]] std::chrono::nanoseconds due() const noexcept {
      return std::chrono::milliseconds(::uv_loop_alive(&loop_) != 0 ? ::uv_backend_timeout(&loop_) : -1);
    }

    /// The loop inside, for handles of the program's own: they run within wait(). Close them before the runtime stops.
    [[nodiscard]] uv_loop_t& native() noexcept { return loop_; }

   private:
    static void free_watcher(uv_handle_t* closed) { delete reinterpret_cast<uv_poll_t*>(closed); }

    [[nodiscard]] static int wanted(const source& s) noexcept {
      return (s.in.pending != nullptr ? UV_READABLE : 0) | (s.out.pending != nullptr ? UV_WRITABLE : 0);
    }

    static int arm(source& s, int events) noexcept {
      if (s.armed == events) return 0;
      const int error = events == 0 ? ::uv_poll_stop(s.watcher) : ::uv_poll_start(s.watcher, events, ready);
      if (error == 0) s.armed = events;
      return error;
    }

    /// One event: the operations that it ends are collected, and run after uv_run().
    static void ready(uv_poll_t* handle, int status, int events) {
      if (handle->data == nullptr) return;
      source& s = *static_cast<source*>(handle->data);
      const bool over = status < 0;  // libuv has stopped watching it
      if (over) s.armed = 0;
      const bool had_reader = s.in.pending != nullptr;
      const bool inbound = over || (events & UV_READABLE) != 0;
      detail::deliver<Threading>(s,
                                 {.inbound = inbound, .outbound = over || (events & UV_WRITABLE) != 0, .ended = over},
                                 static_cast<loop*>(handle->loop->data)->done_);
      // Level-triggered: what nobody waits for is not asked about again, but a reader that was served will be back.
      arm(s, wanted(s) | (had_reader || !inbound ? s.armed & UV_READABLE : 0));
    }

    void shut() noexcept {
      ::uv_walk(
          &loop_,
          [](uv_handle_t* handle, void*) {
            if (::uv_is_closing(handle) == 0) ::uv_close(handle, handle->type == UV_POLL ? free_watcher : nullptr);
          },
          nullptr);
      ::uv_run(&loop_, UV_RUN_DEFAULT);  // until the last close has been said
      [[maybe_unused]] const int error = ::uv_loop_close(&loop_);
      assert(error == 0);
      is_open_ = false;
    }

    uv_loop_t loop_{};
    uv_timer_t timer_{};
    [[no_unique_address]] std::conditional_t<Threading::concurrent, uv_async_t, decltype(nullptr)> bell_{};
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    bool is_open_ = false;
    bool turns_ = false;  // within uv_run
    work_list done_;      // ended, and not yet run
  };
};

static_assert(backend_policy<libuv>);

}  // namespace tenon
