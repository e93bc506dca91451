// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/ring_options.hpp>
#include <tenon/backend/detail/timeout.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include <liburing.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon::detail {

/// The loop whose wait() this thread was in last.
inline thread_local const void* ring_here = nullptr;
/// Whether that wait() brought several things: what they make ready to be sent is better submitted together.
inline thread_local bool ring_is_busy = false;

/// What the kernel says of a submission that has ended, or that goes on and has more to say.
struct completion {
  std::uint64_t tag = 0;  ///< the submission's user_data
  int outcome = 0;
  bool goes_on = false;
  bool has_more_to_read = false;
  bool has_buffer = false;
  bool is_notice = false;    ///< of a zero-copy send: the bytes have been let go
  std::uint16_t buffer = 0;  ///< which one
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
      is_owned_ = false;
      if ((ring_.features & needed) == needed) return look(), 0;
      tear_down();
      return EINVAL;
    }
    return error;
  }
  void tear_down() noexcept {
    if (!std::exchange(is_there_, false)) return;
    // A ring that does its work at once might receive into buffers that are about to go.
    if (std::exchange(has_buffers_, false) && !is_best_) ::io_uring_unregister_buf_ring(&ring_, buffers_);
    // The number under which the ring was registered is its own thread's: here it might be another ring's.
    if (!is_own_thread()) ring_.int_flags = 0;
    ::io_uring_queue_exit(&ring_);
  }

  [[nodiscard]] bool is_there() const noexcept { return is_there_; }
  /// Whether it puts work off: Linux 6.1.
  [[nodiscard]] bool is_best() const noexcept { return is_best_; }
  [[nodiscard]] int fd() const noexcept { return ring_.ring_fd; }

  /// The bits of ring_feature that this kernel has by its list of operations.
  [[nodiscard]] unsigned features() const noexcept { return features_; }

  /// The thread that calls it first is the one issuer.
  void enable() noexcept {
    if (is_owned_) return;
    is_owned_ = true;
    owner_ = ::gettid();
    // io_uring_enable_rings is declared by liburing 2.3, but not exported.
    if (is_best_) ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    (void)::io_uring_register_ring_fd(&ring_);  // spares each enter a look into the table of descriptors
  }
  [[nodiscard]] bool is_own_thread() const noexcept { return is_owned_ && owner_ == ::gettid(); }

  /// 0 or an errno value.
  [[nodiscard]] int register_buffers(::io_uring_buf_ring& buffers, unsigned count, unsigned short group) noexcept {
    ::io_uring_buf_reg asked{};
    asked.ring_addr = reinterpret_cast<std::uintptr_t>(&buffers);
    asked.ring_entries = count;
    asked.bgid = group;
    const int error = -::io_uring_register_buf_ring(&ring_, &asked, 0);
    has_buffers_ = error == 0;
    buffers_ = group;
    return error;
  }
  /// A table of descriptors, all places free. 0 or an errno value.
  [[nodiscard]] int register_files(unsigned count) noexcept { return -::io_uring_register_files_sparse(&ring_, count); }
  /// Puts a descriptor into the table, or -1. False: it could not be.
  [[nodiscard]] bool set_file(unsigned at, int fd) noexcept {
    return ::io_uring_register_files_update(&ring_, at, &fd, 1) == 1;
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
  /// Sends what is there and waits for one more completion. False: the kernel does not serve this thread.
  [[nodiscard]] bool enter_for_one() noexcept {
    const int sent = ::io_uring_submit_and_wait(&ring_, 1);
    return sent >= 0 || sent == -EINTR || sent == -EAGAIN || sent == -EBUSY;
  }
  /// Completions wait in the kernel for us to fetch them.
  [[nodiscard]] bool asks_to_be_entered() const noexcept {
    return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
  }

  [[nodiscard]] bool has_completed() const noexcept { return ::io_uring_cq_ready(&ring_) != 0; }
  [[nodiscard]] unsigned completed() const noexcept { return ::io_uring_cq_ready(&ring_); }
  /// The next completion, of which there is one. It is the kernel's again, so that what follows may submit.
  [[nodiscard]] completion take() noexcept {
    const ::io_uring_cqe& cqe = ring_.cq.cqes[*ring_.cq.khead & ring_.cq.ring_mask];
    const unsigned flags = cqe.flags;
    const completion taken{cqe.user_data,
                           cqe.res,
                           (flags & IORING_CQE_F_MORE) != 0,
                           (flags & IORING_CQE_F_SOCK_NONEMPTY) != 0,
                           (flags & IORING_CQE_F_BUFFER) != 0,
                           (flags & IORING_CQE_F_NOTIF) != 0,
                           static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT)};
    ::io_uring_cq_advance(&ring_, 1);
    return taken;
  }

 private:
  void look() noexcept {
    features_ = 0;
    ::io_uring_probe* const told = ::io_uring_get_probe_ring(&ring_);
    if (told == nullptr) return;
    const auto has = [&](int operation, ring_feature what) {
      if (::io_uring_opcode_supported(told, operation) != 0) features_ |= static_cast<unsigned>(what);
    };
    has(IORING_OP_SOCKET, ring_feature::multishot_accept);    // both came with 5.19
    has(IORING_OP_SEND_ZC, ring_feature::multishot_receive);  // and these with 6.0
    has(IORING_OP_SEND_ZC, ring_feature::zero_copy);
    has(IORING_OP_MSG_RING, ring_feature::message);
    has(IORING_OP_SOCKET, ring_feature::files);
    ::io_uring_free_probe(told);
  }

  ::io_uring ring_{};
  ::pid_t owner_{};
  unsigned features_ = 0;
  unsigned short buffers_ = 0;
  bool is_there_ = false;
  bool is_best_ = false;
  bool is_owned_ = false;
  bool has_buffers_ = false;
};

}  // namespace tenon::detail
