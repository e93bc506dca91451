// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/backend/detail/far_alarm.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/backend/detail/timeout.hpp>
#include <tenon/backend/detail/wake_word.hpp>
#include <tenon/core/unique_fd.hpp>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon {

/// Option of epoll: a loop that has nothing to do asks again and again for so long before it sleeps.
///
/// It sees what comes meanwhile some 20 us sooner, and who wakes it makes no system call. It costs its core that time
/// whenever it goes to sleep, and nothing while it sleeps. For workers that have a core to themselves.
template <unsigned Microseconds = 50>
struct busy_poll {
  static_assert(Microseconds >= 1 && Microseconds <= 1'000'000,
                "tenon::busy_poll<Microseconds>: the bound must lie between 1 and 1000000; write busy_poll<50>");
  static constexpr auto word = fixed_string("busy_poll<") + detail::decimal<Microseconds> + fixed_string(">");
  static constexpr unsigned microseconds = Microseconds;
};

/// Waits in epoll, edge-triggered. The default backend.
///
///     using my_runtime = tenon::runtime<tenon::epoll>;
///     using eager_runtime = tenon::runtime<tenon::epoll::with<tenon::busy_poll<50>>>;
///
/// Shape    A descriptor and, when concurrent, an eventfd; a timerfd from the first wait of a second on; 3 KiB of
///          stack for the events of one turn. A source is registered at attach to hear of what comes in, and once more,
///          for good, when a write first has to wait: a UNIX socket would otherwise wake the loop for each message its
///          peer takes. Nothing is armed again.
/// Cost     One epoll_wait a turn; each operation its own system call, none when it is known that it would block. A
///          wake of a loop that is awake costs one exchange, of one that sleeps one write as well. No allocation.
/// Threads  One, but for attempt and wake.
/// Errors   attach: EEXIST, ENOMEM, ENOSPC (max_user_watches), EBADF. Regular files are taken: they are always ready.
/// Source   epoll(7), epoll_pwait2(2); Linux 5.11 for timeouts finer than a millisecond, before that they round up.
struct epoll : family::backend {
  static constexpr auto word = fixed_string("epoll");
  static constexpr bool performs_io = true;
  static constexpr bool proactor = false;

  /// The same with an option.
  template <class Option>
  struct with;

  template <class Threading, unsigned BusyMicroseconds = 0>
  class loop {
   public:
    struct source : detail::ready_source<Threading> {
      std::uint32_t heard = 0;  ///< the events it is registered for; the loop's thread only
    };

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    [[nodiscard]] result<void> open() noexcept {
      unique_fd poller{::epoll_create1(EPOLL_CLOEXEC)};
      if (!poller) return error_of(errno);
      if constexpr (Threading::concurrent) {
        unique_fd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (!bell) return error_of(errno);
        // Edge-triggered, so that it need not be read: each write is an edge.
        epoll_event asked{EPOLLIN | EPOLLET, {.ptr = nullptr}};
        if (::epoll_ctl(poller.get(), EPOLL_CTL_ADD, bell.get(), &asked) != 0) return error_of(errno);
        bell_ = std::move(bell);
      }
      poller_ = std::move(poller);
      return {};
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      s.heard = 0;
      if (hear(s, EPOLL_CTL_ADD, inbound)) return {};
      if (errno != EPERM) return error_of(errno);
      s.ended.store(true, std::memory_order_relaxed);  // a regular file: no event will come, and no call will block
      return {};
    }

    void detach(source& s) noexcept {
      assert(s.is_idle());
      // Closing the descriptor would not do: a duplicate of it keeps the registration, and with it our pointer.
      if (std::exchange(s.heard, 0) != 0) ::epoll_ctl(poller_.get(), EPOLL_CTL_DEL, s.fd, nullptr);
    }

    [[nodiscard]] static bool attempt(io_operation& op) noexcept { return detail::attempt_ready<Threading>(op); }
    [[nodiscard]] static bool attempt_here(io_operation& op) noexcept { return detail::attempt_here<Threading>(op); }
    [[nodiscard]] static std::int64_t transfer_here(source& s, io_kind kind, void* data, std::size_t size) noexcept {
      return detail::transfer_here<Threading>(s, kind, data, size);
    }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (detail::start_ready<Threading>(op)) return true;
      auto& s = static_cast<source&>(*op.source);
      if (is_inbound(op.kind) || (s.heard & EPOLLOUT) != 0) return false;
      // The kernel looks at the descriptor anew when it is told this, so what became ready before it is an event too.
      if (hear(s, EPOLL_CTL_MOD, inbound | EPOLLOUT)) return false;
      op.outcome = -errno;
      s.out.pending = nullptr;
      s.out.ready.store(true, std::memory_order_relaxed);
      return true;
    }

    void cancel(io_operation& op) noexcept { detail::cancel_ready<Threading>(op, done_); }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!done_.empty()) timeout = {};
      constexpr int room = 256;
      epoll_event events[room];  // NOLINT(cppcoreguidelines-pro-type-member-init): the kernel fills it
      int count = 0;
      if constexpr (BusyMicroseconds != 0) {
        if (timeout.count() != 0) count = ask_for_a_while(events, room, timeout);
      }
      if (count == 0) {
        if (timeout.count() != 0 && !wake_.park()) timeout = {};
        count = ask(events, room, timeout);
      }
      wake_.unpark();
      // First the sources, then the operations: what an operation runs may detach a source that has an event here.
      for (int i = 0; i < count; ++i) {
        const epoll_event& each = events[i];
        if (each.data.ptr == nullptr) continue;  // the bell
        if (each.data.ptr == &alarm_) {
          alarm_.rang();
          continue;
        }
        const std::uint32_t said = each.events;
        constexpr std::uint32_t over = EPOLLERR | EPOLLHUP;
        // Urgent data counts as an end: a read stops short at its mark with more behind it.
        detail::deliver<Threading>(*static_cast<source*>(each.data.ptr),
                                   {.inbound = (said & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | over)) != 0,
                                    .outbound = (said & (EPOLLOUT | over)) != 0,
                                    .ended = (said & (EPOLLPRI | EPOLLRDHUP | over)) != 0},
                                   done_);
      }
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (wake_.notify()) {
        const std::uint64_t one = 1;
        (void)!::write(bell_.get(), &one, sizeof one);  // cannot fail: 2^64 rings from full
      }
    }

    [[nodiscard]] std::string_view note() const noexcept { return {}; }

    [[nodiscard]] static result<void> expose() noexcept { return {}; }
    [[nodiscard]] int handle() const noexcept { return poller_.get(); }
    [[nodiscard]] bool doze() noexcept {
      if (!done_.empty() || !wake_.park()) return false;
      // A host that waits for edges would not hear of events that one wait had no room for.
      if (detail::is_quiet(poller_.get())) return true;
      wake_.unpark();
      return false;
    }

   private:
    static constexpr std::uint32_t inbound = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;
    static constexpr std::chrono::nanoseconds forever{-1};

    bool hear(source& s, int how, std::uint32_t events) noexcept {
      epoll_event asked{events, {.ptr = &s}};
      if (::epoll_ctl(poller_.get(), how, s.fd, &asked) != 0) return false;
      s.heard = events;
      return true;
    }

    /// What the bound leaves of the timeout, it takes from it.
    int ask_for_a_while(epoll_event* events, int room, std::chrono::nanoseconds& timeout) noexcept {
      using clock = std::chrono::steady_clock;
      const clock::time_point begin = clock::now();
      std::chrono::nanoseconds bound = std::chrono::microseconds(BusyMicroseconds);
      if (timeout.count() > 0 && timeout < bound) bound = timeout;
      for (;;) {
        const int count = ::epoll_wait(poller_.get(), events, room, 0);
        if (count > 0 || wake_.is_owed()) return timeout = {}, count;
        const std::chrono::nanoseconds spent = clock::now() - begin;
        if (spent < bound) continue;
        if (timeout.count() > 0) timeout = spent < timeout ? timeout - spent : std::chrono::nanoseconds{};
        return 0;
      }
    }

    int ask(epoll_event* events, int room, std::chrono::nanoseconds timeout) noexcept {
      if (timeout >= detail::far_alarm::far && alarm_.covers(poller_.get(), timeout)) timeout = forever;
#if defined(SYS_epoll_pwait2) && defined(__LP64__)
      if (timeout.count() > 0 && has_fine_timeout_) {
        const timespec span = detail::to_timespec(timeout);
        // The call itself and not glibc's: it came with 2.35, the kernel's earlier.
        const long count = ::syscall(SYS_epoll_pwait2, poller_.get(), events, room, &span, nullptr, std::size_t{0});
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
        has_fine_timeout_ = false;
      }
#endif
      return ::epoll_wait(poller_.get(), events, room, detail::to_milliseconds(timeout));
    }

    unique_fd poller_;
    [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    bool has_fine_timeout_ = true;
    detail::far_alarm alarm_;
    work_list done_;  // ended, and not yet run
  };
};

template <unsigned Microseconds>
struct epoll::with<busy_poll<Microseconds>> : family::backend {
  static constexpr auto word = fixed_string("epoll::with<") + busy_poll<Microseconds>::word + fixed_string(">");
  static constexpr bool performs_io = true;
  static constexpr bool proactor = false;

  template <class Threading>
  using loop = epoll::loop<Threading, Microseconds>;
};

template <class Option>
struct epoll::with {
  static_assert(!std::is_same_v<Option, Option>,
                "tenon::epoll::with<Option>: this is not one of epoll's; write epoll::with<busy_poll<50>>");
};

static_assert(policy_of<epoll, family::backend>);
static_assert(policy_of<epoll::with<busy_poll<>>, family::backend>);

}  // namespace tenon
