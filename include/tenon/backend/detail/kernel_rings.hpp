// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/timeout.hpp>
#include <tenon/core/io_operation.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon::detail {

/// What is written of an operation into a submission.
namespace submission {

inline constexpr auto own_position = static_cast<std::uint64_t>(-1);  // of a file that has one

/// read, recv and the like give no more than this at a time anyway (MAX_RW_COUNT).
[[nodiscard]] inline unsigned size_of(const io_operation& op) noexcept {
  return static_cast<unsigned>(op.size < 0x7ffff000 ? op.size : 0x7ffff000);
}

/// An operation of a file, at an offset of its own.
inline void of_file(::io_uring_sqe& sqe, const io_operation& op, int fd) noexcept {
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
}

/// Any other. `waits_first`: it begins with the wait, because a try would most likely be in vain.
inline void of_source(::io_uring_sqe& sqe, const io_operation& op, int fd, bool is_socket, bool waits_first) noexcept {
  const unsigned size = size_of(op);
  switch (op.kind) {
    case io_kind::readable: ::io_uring_prep_poll_add(&sqe, fd, POLLIN); break;
    case io_kind::writable: ::io_uring_prep_poll_add(&sqe, fd, POLLOUT); break;
    case io_kind::read:
      if (is_socket) {
        ::io_uring_prep_recv(&sqe, fd, op.data, size, 0);
        if (waits_first) sqe.ioprio |= IORING_RECVSEND_POLL_FIRST;
      } else {
        ::io_uring_prep_read(&sqe, fd, op.data, size, own_position);
      }
      break;
    case io_kind::write:
      if (is_socket) {
        ::io_uring_prep_send(&sqe, fd, op.data, size, MSG_NOSIGNAL);
      } else {
        ::io_uring_prep_write(&sqe, fd, op.data, size, own_position);
      }
      break;
    case io_kind::accept: ::io_uring_prep_accept(&sqe, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); break;
    case io_kind::connect: ::io_uring_prep_connect(&sqe, fd, static_cast<const sockaddr*>(op.data), size); break;
    case io_kind::send_message:
      ::io_uring_prep_sendmsg(&sqe, fd, static_cast<const msghdr*>(op.data), MSG_NOSIGNAL);
      break;
    default: ::io_uring_prep_recvmsg(&sqe, fd, static_cast<msghdr*>(op.data), 0); break;
  }
}

}  // namespace submission

/// What the kernel says of a submission that has ended, or that goes on and has more to say.
struct completion {
  std::uint64_t tag = 0;  ///< the submission's user_data
  int outcome = 0;
  bool goes_on = false;
  bool has_more_to_read = false;
};

/// The two rings shared with the kernel. The door of liburing.
///
/// Threads  One. The first that enters is its own for good; set_up and the destructor may run on another.
class kernel_rings {
 public:
  kernel_rings() = default;
  kernel_rings(const kernel_rings&) = delete;
  kernel_rings& operator=(const kernel_rings&) = delete;
  ~kernel_rings() { tear_down(); }

  /// 0, or the errno value that says why there is none. `may_put_off`: the kernel may put work off until it is entered.
  [[nodiscard]] int set_up(unsigned entries, bool may_put_off) noexcept {
    // Multishot polls (the bell) came with 5.13, as RSRC_TAGS did.
    constexpr unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_RSRC_TAGS;
    // One issuer is the thread that enables the ring: so it starts disabled, for set_up may run on another.
    constexpr unsigned best =
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED;
    int error = 0;
    for (const unsigned flags : {best, unsigned{IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG}, 0U}) {
      if (flags == best && !may_put_off) continue;
      ::io_uring_params asked{};
      asked.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
      asked.cq_entries = 4 * entries;
      error = -::io_uring_queue_init_params(entries, &ring_, &asked);
      if (error == EINVAL) continue;  // flags this kernel does not know
      if (error != 0) return error;
      is_there_ = true;
      is_best_ = flags == best;
      is_enabled_ = !is_best_;
      if ((ring_.features & needed) == needed) return 0;
      tear_down();
      return EINVAL;
    }
    return error;
  }
  void tear_down() noexcept {
    if (std::exchange(is_there_, false)) ::io_uring_queue_exit(&ring_);
  }

  [[nodiscard]] bool is_there() const noexcept { return is_there_; }
  /// Whether it puts work off: Linux 6.1.
  [[nodiscard]] bool is_best() const noexcept { return is_best_; }
  [[nodiscard]] int fd() const noexcept { return ring_.ring_fd; }

  /// The thread that calls it first is the one issuer.
  void enable() noexcept {
    if (std::exchange(is_enabled_, true)) return;
    // io_uring_enable_rings is declared by liburing 2.3, but not exported.
    ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  }

  /// A free submission, or null when the ring is full.
  [[nodiscard]] ::io_uring_sqe* slot() noexcept { return ::io_uring_get_sqe(&ring_); }
  /// Sends what is there. False: the kernel takes nothing for now, and what has completed is to be taken in.
  [[nodiscard]] bool send() noexcept {
    enable();
    if (::io_uring_submit(&ring_) > 0) return true;
    (void)::io_uring_get_events(&ring_);  // too many completions outstanding, or out of memory for now
    return false;
  }
  [[nodiscard]] bool has_unsent() const noexcept { return ::io_uring_sq_ready(&ring_) != 0; }

  /// Sends what is there and waits for a completion, at most so long; negative: for ever.
  void enter(std::chrono::nanoseconds timeout) noexcept {
    if (timeout.count() < 0) {
      (void)::io_uring_submit_and_wait(&ring_, 1);
    } else if (timeout.count() > 0) {
      const timespec span = to_timespec(timeout);
      ::__kernel_timespec limit{span.tv_sec, span.tv_nsec};
      ::io_uring_cqe* first = nullptr;
      (void)::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
    } else if (has_unsent() || asks_to_be_entered()) {
      (void)::io_uring_submit_and_get_events(&ring_);
    }
  }
  /// Completions wait in the kernel for us to fetch them.
  [[nodiscard]] bool asks_to_be_entered() const noexcept {
    return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
  }

  [[nodiscard]] bool has_completed() const noexcept { return ::io_uring_cq_ready(&ring_) != 0; }
  /// The next completion, of which there is one. It is the kernel's again, so that what follows may submit.
  [[nodiscard]] completion take() noexcept {
    const ::io_uring_cqe& cqe = ring_.cq.cqes[*ring_.cq.khead & ring_.cq.ring_mask];
    const completion taken{cqe.user_data, cqe.res, (cqe.flags & IORING_CQE_F_MORE) != 0,
                           (cqe.flags & IORING_CQE_F_SOCK_NONEMPTY) != 0};
    ::io_uring_cq_advance(&ring_, 1);
    return taken;
  }

 private:
  ::io_uring ring_{};
  bool is_there_ = false;
  bool is_best_ = false;
  bool is_enabled_ = false;
};

}  // namespace tenon::detail
