// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/backend/detail/kernel_rings.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/backend/detail/ring_note.hpp>
#include <tenon/backend/detail/ring_options.hpp>
#include <tenon/backend/detail/wake_word.hpp>
#include <tenon/backend/epoll.hpp>
#include <tenon/core/unique_fd.hpp>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tenon {

namespace detail {

/// The loop whose wait() this thread was in last.
inline thread_local const void* ring_here = nullptr;

}  // namespace detail

/// Waits in io_uring: operations are handed to the kernel in batches, with the wait itself, and come back done. Where
/// the kernel has none, or it is forbidden, the loop is epoll's, and note() says why.
///
///     using my_runtime = tenon::runtime<tenon::io_uring<>, tenon::stealing<>>;
///     using wide_runtime = tenon::runtime<tenon::io_uring<tenon::entries<1024>>>;
///
/// Shape    A ring of `entries` submissions (80 bytes each) and four times as many completions (16 each) shared with
///          the kernel; when concurrent, an eventfd.
/// Cost     A turn is one system call, whatever the number of operations; a poll that finds nothing is none. No
///          allocation.
/// Threads  One, but for attempt and wake. The thread of the first wait() (or of the first start() that finds the ring
///          full) is the loop's for good; open() and the destructor may run on another.
/// Errors   open: EMFILE, ENFILE, ENOMEM. attach: EBADF (under the fallback, epoll's).
/// Cancellation  The kernel is asked to let go, and run() is called when it has.
/// Source   io_uring(7), io_uring_setup(2); Linux 5.13, at its best from 6.1 on (one issuer, deferred task work).
template <class... Options>
struct io_uring : family::backend {
  static_assert(((detail::ring_entries_of<Options> != 0) && ...),
                "tenon::io_uring<Options...>: an option is not one of io_uring's; write io_uring<> or "
                "io_uring<entries<512>>");
  static_assert(sizeof...(Options) <= 1, "tenon::io_uring<Options...>: an option is given twice; write it once");

  static constexpr auto word = detail::ring_options<Options...>::word;
  static constexpr bool performs_io = true;
  static constexpr bool proactor = true;

  template <class Threading>
  class loop {
    using epoll_loop = typename epoll::template loop<Threading>;

   public:
    /// In the ring's care, `pending` of a side is what the kernel holds, and `ready` no more than a guess: whether a
    /// call made at once, elsewhere than on the loop's thread, is likely to end.
    struct source : epoll_loop::source {
      struct stage {
        bool polls = false;      ///< the kernel waits for readiness, and the operation goes out again after that
        bool cancelled = false;  ///< not again
      };
      const void* home = nullptr;  ///< the loop, when it has a ring
      stage in_stage;
      stage out_stage;
    };

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    [[nodiscard]] result<void> open(bool may_put_off = true) noexcept {
      const int error = set_up(may_put_off);
      if (error == EMFILE || error == ENFILE) return error_of(error);
      if (error == 0) return {};
      note_.explain(error);
      return fallback_.open();
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      s.home = nullptr;
      if (!ring_.is_there()) return fallback_.attach(s);
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      s.home = this;
      s.in_stage = s.out_stage = {};
      return {};
    }

    void detach(source& s) noexcept {
      assert(s.is_idle());
      if (s.home == nullptr) fallback_.detach(s);
    }

    [[nodiscard]] static bool attempt(io_operation& op) noexcept {
      if (is_of_file(op.kind)) return false;
      auto& s = static_cast<source&>(*op.source);
      // At home the ring batches; elsewhere the call is made here, and only if it would block does it go home.
      if (s.home != nullptr && (s.home == detail::ring_here || op.kind <= io_kind::writable)) return false;
      return epoll_loop::attempt(op);
    }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (!ring_.is_there()) return fallback_.start(op);
      if (is_of_file(op.kind)) {
        submit_file(op);
        return false;
      }
      auto& s = static_cast<source&>(*op.source);
      assert(s.side(op.kind).pending == nullptr && "one operation a side at a time");
      s.side(op.kind).pending = &op;
      stage_of(s, op) = {};
      submit(op, s);
      return false;
    }

    void cancel(io_operation& op) noexcept {
      if (!ring_.is_there()) return fallback_.cancel(op);
      if (is_of_file(op.kind)) return submit_cancel(op, whole);
      auto& s = static_cast<source&>(*op.source);
      typename source::stage& stage = stage_of(s, op);
      if (s.side(op.kind).pending != &op || std::exchange(stage.cancelled, true)) return;
      submit_cancel(op, stage.polls ? polls : whole);
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!ring_.is_there()) return fallback_.wait(timeout);
      ring_.enable();
      detail::ring_here = this;
      if constexpr (Threading::concurrent) {
        if (!hears_bell_) listen();
      }
      if (!done_.empty() || ring_.has_completed()) timeout = {};
      if (timeout.count() != 0 && !wake_.park()) timeout = {};
      ring_.enter(timeout);
      wake_.unpark();
      reap();
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (!ring_.is_there()) return fallback_.wake();
      if (wake_.notify()) {
        const std::uint64_t one = 1;
        (void)!::write(bell_.get(), &one, sizeof one);
      }
    }

    [[nodiscard]] std::string_view note() const noexcept { return note_.read(); }

    /// A ring that puts work off until it is entered does not wake who polls its descriptor (seen on 6.18), and of a
    /// registered eventfd such a kernel forgets a signal that another eventfd causes. So it becomes one that does its
    /// work at once, for which a wait of the host's ends with EINTR now and then.
    [[nodiscard]] result<void> expose() noexcept {
      if (!ring_.is_there() || !ring_.is_best()) return {};
      ring_.tear_down();
      return open(false);
    }
    [[nodiscard]] int handle() const noexcept { return ring_.is_there() ? ring_.fd() : fallback_.handle(); }
    [[nodiscard]] bool doze() noexcept {
      if (!ring_.is_there()) return fallback_.doze();
      if (!done_.empty() || !wake_.park()) return false;
      if constexpr (Threading::concurrent) {
        if (!hears_bell_) listen();
      }
      if (ring_.has_unsent()) ring_.enter({});
      if (!ring_.has_completed() && !ring_.asks_to_be_entered()) return true;
      wake_.unpark();
      return false;
    }

   private:
    // The low bits of a submission's user_data; an operation is aligned to a pointer's size.
    static constexpr std::uint64_t whole = 0;   // the operation
    static constexpr std::uint64_t polls = 1;   // the readiness it waits for
    static constexpr std::uint64_t answer = 2;  // a cancellation's own
    static constexpr std::uint64_t bell = 3;
    static constexpr std::uint64_t kinds = 3;
    static_assert(alignof(io_operation) > kinds);

    [[nodiscard]] static std::uint64_t address_of(io_operation& op, std::uint64_t kind) noexcept {
      return reinterpret_cast<std::uintptr_t>(&op) | kind;
    }
    [[nodiscard]] static typename source::stage& stage_of(source& s, const io_operation& op) noexcept {
      return is_inbound(op.kind) ? s.in_stage : s.out_stage;
    }

    [[nodiscard]] int set_up(bool may_put_off) noexcept {
      const int error = ring_.set_up(detail::ring_options<Options...>::entries, may_put_off);
      if (error != 0) return error;
      if constexpr (Threading::concurrent) {
        bell_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (!bell_) {
          const int no_bell = errno;
          ring_.tear_down();
          return no_bell;
        }
      }
      return 0;
    }

    /// A free submission. When the ring is full it is sent, and what came back meanwhile is taken in.
    [[nodiscard]] ::io_uring_sqe& slot() noexcept {
      for (;;) {
        if (::io_uring_sqe* const sqe = ring_.slot(); sqe != nullptr) return *sqe;
        if (ring_.send()) continue;
        reap();
        ::sched_yield();
      }
    }

    /// Sent behind the operation itself, and before another one at the same address: submissions are in order.
    void submit_cancel(io_operation& op, std::uint64_t kind) noexcept {
      ::io_uring_sqe& sqe = slot();
      ::io_uring_prep_cancel64(&sqe, address_of(op, kind), 0);
      sqe.user_data = answer;
    }

    void submit_file(io_operation& op) noexcept {
      ::io_uring_sqe& sqe = slot();
      detail::submission::of_file(sqe, op, op.source->fd);
      sqe.user_data = address_of(op, whole);
    }
    void submit(io_operation& op, source& s) noexcept {
      ::io_uring_sqe& sqe = slot();
      // The last read found the socket empty.
      const bool waits_first = ring_.is_best() && !s.in.ready.load(std::memory_order_relaxed);
      detail::submission::of_source(sqe, op, s.fd, s.is_socket, waits_first);
      sqe.user_data = address_of(op, whole);
    }

    /// Has the kernel say when it is worth another try.
    void submit_poll(io_operation& op, source& s) noexcept {
      stage_of(s, op).polls = true;
      ::io_uring_sqe& sqe = slot();
      ::io_uring_prep_poll_add(&sqe, s.fd, is_inbound(op.kind) ? POLLIN : POLLOUT);
      sqe.user_data = address_of(op, polls);
    }

    /// Each ring of the bell completes this once more; it is never read, since a write is an edge.
    void listen() noexcept {
      ::io_uring_sqe& sqe = slot();
      ::io_uring_prep_poll_multishot(&sqe, bell_.get(), POLLIN);
      sqe.user_data = bell;
      hears_bell_ = true;
    }

    /// Takes in what has completed; runs nothing of the user's.
    void reap() noexcept {
      while (ring_.has_completed()) {
        const detail::completion told = ring_.take();
        switch (told.tag & kinds) {
          case answer: break;
          case bell:
            if (!told.goes_on) hears_bell_ = false;
            break;
          default: take(*reinterpret_cast<io_operation*>(static_cast<std::uintptr_t>(told.tag & ~kinds)), told);
        }
      }
    }

    void take(io_operation& op, const detail::completion& told) noexcept {
      int outcome = told.outcome;
      if (is_of_file(op.kind)) {
        op.outcome =
            outcome == -EINTR ? -ECANCELED : outcome;  // nothing but a cancellation interrupts the kernel there
        return done_.push(op);
      }
      auto& s = static_cast<source&>(*op.source);
      typename source::stage& stage = stage_of(s, op);
      const bool transfers = is_transfer(op.kind);
      if (std::exchange(stage.polls, false)) {
        if (outcome >= 0 && stage.cancelled) outcome = -ECANCELED;
        if (outcome >= 0 && transfers) return submit(op, s);
        if (outcome >= 0) outcome = detail::pending_error(s.fd);  // of a connect
      } else if (stage.cancelled) {
        if (outcome == -EAGAIN || outcome == -EINTR || outcome == -EINPROGRESS) outcome = -ECANCELED;
      } else if ((outcome == -EAGAIN && transfers) || outcome == -EINPROGRESS) {
        // Of a non-blocking pipe (and, from older kernels, of more) the kernel says so instead of waiting.
        return submit_poll(op, s);
      } else if (outcome == -EINTR) {
        return submit(op, s);
      }
      const bool is_poll = op.kind == io_kind::readable || op.kind == io_kind::writable;
      op.outcome = is_poll && outcome > 0 ? 0 : outcome;
      auto& side = s.side(op.kind);
      if (transfers) {
        const bool full = op.kind != io_kind::accept && op.outcome == static_cast<std::int64_t>(op.size);
        side.ready.store(full || told.has_more_to_read, std::memory_order_relaxed);
      }
      side.pending = nullptr;
      done_.push(op);
    }

    bool hears_bell_ = false;
    [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
    detail::kernel_rings ring_;
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    work_list done_;  // ended, and not yet run
    epoll_loop fallback_;
    detail::ring_note note_;
  };
};

static_assert(backend_policy<io_uring<>>);
static_assert(backend_policy<io_uring<entries<64>>>);

}  // namespace tenon
