// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/backend/detail/ring_note.hpp>
#include <tenon/backend/detail/ring_options.hpp>
#include <tenon/backend/detail/timeout.hpp>
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

#include <liburing.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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
    ~loop() {
      if (has_ring_) ::io_uring_queue_exit(&ring_);
    }

    [[nodiscard]] result<void> open(bool may_put_off = true) noexcept {
      const int error = set_up(may_put_off);
      if (error == EMFILE || error == ENFILE) return error_of(error);
      if (error == 0) return {};
      note_.explain(error);
      return fallback_.open();
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      s.home = nullptr;
      if (!has_ring_) return fallback_.attach(s);
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
      if (!has_ring_) return fallback_.start(op);
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
      if (!has_ring_) return fallback_.cancel(op);
      if (is_of_file(op.kind)) return submit_cancel(op, whole);
      auto& s = static_cast<source&>(*op.source);
      typename source::stage& stage = stage_of(s, op);
      if (s.side(op.kind).pending != &op || std::exchange(stage.cancelled, true)) return;
      submit_cancel(op, stage.polls ? polls : whole);
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!has_ring_) return fallback_.wait(timeout);
      enable();
      detail::ring_here = this;
      if constexpr (Threading::concurrent) {
        if (!hears_bell_) listen();
      }
      if (!done_.empty() || ::io_uring_cq_ready(&ring_) != 0) timeout = {};
      if (timeout.count() != 0 && !wake_.park()) timeout = {};
      enter(timeout);
      wake_.unpark();
      reap();
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (!has_ring_) return fallback_.wake();
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
      if (has_ring_ && is_best_) {
        ::io_uring_queue_exit(&ring_);
        has_ring_ = is_best_ = false;
        return open(false);
      }
      return {};
    }
    [[nodiscard]] int handle() const noexcept { return has_ring_ ? ring_.ring_fd : fallback_.handle(); }
    [[nodiscard]] bool doze() noexcept {
      if (!has_ring_) return fallback_.doze();
      if (!done_.empty() || !wake_.park()) return false;
      if constexpr (Threading::concurrent) {
        if (!hears_bell_) listen();
      }
      if (::io_uring_sq_ready(&ring_) != 0) (void)::io_uring_submit_and_get_events(&ring_);
      if (::io_uring_cq_ready(&ring_) == 0 && !asks_to_be_entered()) return true;
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
      // Multishot polls (the bell) came with 5.13, as RSRC_TAGS did.
      constexpr unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_RSRC_TAGS;
      // One issuer is the thread that enables the ring: so it starts disabled, for open() may run on another.
      constexpr unsigned best =
          IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED;
      int error = 0;
      for (const unsigned flags : {best, unsigned{IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG}, 0U}) {
        if (flags == best && !may_put_off) continue;
        ::io_uring_params asked{};
        asked.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        asked.cq_entries = 4 * detail::ring_options<Options...>::entries;
        error = -::io_uring_queue_init_params(detail::ring_options<Options...>::entries, &ring_, &asked);
        if (error == EINVAL) continue;  // flags this kernel does not know
        if (error != 0) return error;
        if ((ring_.features & needed) != needed) {
          ::io_uring_queue_exit(&ring_);
          return EINVAL;
        }
        if constexpr (Threading::concurrent) {
          bell_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
          if (!bell_) {
            const int no_bell = errno;
            ::io_uring_queue_exit(&ring_);
            return no_bell;
          }
        }
        has_ring_ = true;
        is_best_ = flags == best;
        is_enabled_ = !is_best_;
        return 0;
      }
      return error;
    }

    void enable() noexcept {
      if (std::exchange(is_enabled_, true)) return;
      // io_uring_enable_rings is declared by liburing 2.3, but not exported.
      ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    }

    /// A free submission. When the ring is full it is sent, and what came back meanwhile is taken in.
    [[nodiscard]] ::io_uring_sqe& slot() noexcept {
      for (;;) {
        if (::io_uring_sqe* const sqe = ::io_uring_get_sqe(&ring_); sqe != nullptr) return *sqe;
        enable();
        if (::io_uring_submit(&ring_) > 0) continue;
        (void)::io_uring_get_events(&ring_);  // too many completions outstanding, or out of memory for now
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

    /// read, recv and the like give no more than this at a time anyway (MAX_RW_COUNT).
    [[nodiscard]] static unsigned size_of(const io_operation& op) noexcept {
      return static_cast<unsigned>(op.size < 0x7ffff000 ? op.size : 0x7ffff000);
    }

    void submit_file(io_operation& op) noexcept {
      ::io_uring_sqe& sqe = slot();
      const int fd = op.source->fd;
      if (op.kind == io_kind::read_at || op.kind == io_kind::write_at) {
        const auto& part = *static_cast<const file_part*>(op.data);
        const auto offset = static_cast<std::uint64_t>(part.offset);
        if (op.kind == io_kind::read_at) {
          ::io_uring_prep_read(&sqe, fd, part.bytes, size_of(op), offset);
        } else {
          ::io_uring_prep_write(&sqe, fd, part.bytes, size_of(op), offset);
        }
      } else {
        ::io_uring_prep_fsync(&sqe, fd, op.kind == io_kind::sync_data ? IORING_FSYNC_DATASYNC : 0);
      }
      sqe.user_data = address_of(op, whole);
    }

    void submit(io_operation& op, source& s) noexcept {
      ::io_uring_sqe& sqe = slot();
      const unsigned size = size_of(op);
      const auto here = static_cast<std::uint64_t>(-1);  // a file's own position
      switch (op.kind) {
        case io_kind::readable: ::io_uring_prep_poll_add(&sqe, s.fd, POLLIN); break;
        case io_kind::writable: ::io_uring_prep_poll_add(&sqe, s.fd, POLLOUT); break;
        case io_kind::read:
          if (s.is_socket) {
            ::io_uring_prep_recv(&sqe, s.fd, op.data, size, 0);
            // The last read found the socket empty: begin with the wait.
            if (is_best_ && !s.in.ready.load(std::memory_order_relaxed)) sqe.ioprio |= IORING_RECVSEND_POLL_FIRST;
          } else {
            ::io_uring_prep_read(&sqe, s.fd, op.data, size, here);
          }
          break;
        case io_kind::write:
          if (s.is_socket) {
            ::io_uring_prep_send(&sqe, s.fd, op.data, size, MSG_NOSIGNAL);
          } else {
            ::io_uring_prep_write(&sqe, s.fd, op.data, size, here);
          }
          break;
        case io_kind::accept: ::io_uring_prep_accept(&sqe, s.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); break;
        case io_kind::connect: ::io_uring_prep_connect(&sqe, s.fd, static_cast<const sockaddr*>(op.data), size); break;
        case io_kind::send_message:
          ::io_uring_prep_sendmsg(&sqe, s.fd, static_cast<const msghdr*>(op.data), MSG_NOSIGNAL);
          break;
        default: ::io_uring_prep_recvmsg(&sqe, s.fd, static_cast<msghdr*>(op.data), 0); break;
      }
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

    void enter(std::chrono::nanoseconds timeout) noexcept {
      if (timeout.count() < 0) {
        (void)::io_uring_submit_and_wait(&ring_, 1);
      } else if (timeout.count() > 0) {
        const timespec span = detail::to_timespec(timeout);
        ::__kernel_timespec limit{span.tv_sec, span.tv_nsec};
        ::io_uring_cqe* first = nullptr;
        (void)::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
      } else if (::io_uring_sq_ready(&ring_) != 0 || asks_to_be_entered()) {
        (void)::io_uring_submit_and_get_events(&ring_);
      }
    }

    /// Completions wait in the kernel for us to fetch them.
    [[nodiscard]] bool asks_to_be_entered() const noexcept {
      return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
    }

    /// Takes in what has completed; runs nothing of the user's.
    void reap() noexcept {
      while (::io_uring_cq_ready(&ring_) != 0) {
        // Copied and given back first: what follows may submit, find the ring full, and come here again.
        const ::io_uring_cqe& cqe = ring_.cq.cqes[*ring_.cq.khead & ring_.cq.ring_mask];
        const std::uint64_t tag = cqe.user_data;
        const int outcome = cqe.res;
        const unsigned flags = cqe.flags;
        ::io_uring_cq_advance(&ring_, 1);
        switch (tag & kinds) {
          case answer: break;
          case bell:
            if ((flags & IORING_CQE_F_MORE) == 0) hears_bell_ = false;
            break;
          default: take(*reinterpret_cast<io_operation*>(static_cast<std::uintptr_t>(tag & ~kinds)), outcome, flags);
        }
      }
    }

    void take(io_operation& op, int outcome, unsigned flags) noexcept {
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
        side.ready.store(full || (flags & IORING_CQE_F_SOCK_NONEMPTY) != 0, std::memory_order_relaxed);
      }
      side.pending = nullptr;
      done_.push(op);
    }

    ::io_uring ring_{};
    bool has_ring_ = false;
    bool is_best_ = false;  // Linux 6.1
    bool is_enabled_ = false;
    bool hears_bell_ = false;
    [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    work_list done_;  // ended, and not yet run
    epoll_loop fallback_;
    detail::ring_note note_;
  };
};

static_assert(backend_policy<io_uring<>>);
static_assert(backend_policy<io_uring<entries<64>>>);

}  // namespace tenon
