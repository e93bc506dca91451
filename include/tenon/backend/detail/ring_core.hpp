// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/buffer_pool.hpp>
#include <tenon/backend/detail/file_table.hpp>
#include <tenon/backend/detail/kernel_rings.hpp>
#include <tenon/backend/detail/letter.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/backend/detail/ring_letters.hpp>
#include <tenon/backend/detail/ring_note.hpp>
#include <tenon/backend/detail/ring_options.hpp>
#include <tenon/backend/detail/ring_source.hpp>
#include <tenon/backend/detail/submission.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/core/work.hpp>

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tenon::detail {

/// What io_uring's loop is made of below its face: what goes to the kernel, and what is made of what comes back.
///
/// Threads  The loop's, but for ring_bell.
template <class Options, class Threading, class Fallback>
class ring_core : public ring_attempts<Threading, Fallback, Options::sent_by_call>,
                  public ring_letters<ring_core<Options, Threading, Fallback>, ring_source<Threading, Fallback>> {
  using letters = ring_letters<ring_core, ring_source<Threading, Fallback>>;
  friend letters;

 public:
  using source = ring_source<Threading, Fallback>;
  using part = received_part<Threading>;

 protected:
  using options = Options;
  using pool_type = buffer_pool<Threading>;

  ring_core() = default;
  ~ring_core() {
    if (ring_here == this) ring_here = nullptr;  // another loop may come to lie here, and be another thread's
    ring_.tear_down();                           // before the buffers
  }

 public:
  ring_core(const ring_core&) = delete;
  ring_core& operator=(const ring_core&) = delete;

 protected:
  // The low bits of a submission's user_data; what they are about is aligned to a pointer's size.
  static constexpr std::uint64_t whole = 0;     // an operation
  static constexpr std::uint64_t polls = 1;     // the readiness it waits for
  static constexpr std::uint64_t answer = 2;    // a cancellation's own, or a message that has come
  static constexpr std::uint64_t bell = 3;      // the eventfd
  static constexpr std::uint64_t bulk = 4;      // an operation that sends from where the bytes lie
  static constexpr std::uint64_t received = 5;  // a source, whose multishot operation has brought something
  static constexpr std::uint64_t lost = 6;      // the loop that a message did not reach
  static constexpr std::uint64_t posted = 7;    // a letter
  static constexpr std::uint64_t kinds = 7;
  static_assert(alignof(io_operation) > kinds && alignof(source) > kinds && alignof(letter) > kinds);

  template <class T>
  [[nodiscard]] static std::uint64_t address_of(T& about, std::uint64_t kind) noexcept {
    return reinterpret_cast<std::uintptr_t>(&about) | kind;
  }
  template <class T>
  [[nodiscard]] static T& at(std::uint64_t tag) noexcept {
    return *reinterpret_cast<T*>(static_cast<std::uintptr_t>(tag & ~kinds));
  }
  [[nodiscard]] static typename source::stage& stage_of(source& s, const io_operation& op) noexcept {
    return is_inbound(op.kind) ? s.in_stage : s.out_stage;
  }
  [[nodiscard]] int set_up(bool may_put_off) noexcept {
    const int error = ring_.set_up(options::entries, may_put_off);
    if (error != 0) return error;
    if constexpr (Threading::concurrent) {
      bell_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
      if (!bell_) {
        const int no_bell = errno;
        ring_.tear_down();
        return no_bell;
      }
    }
    hears_bell_ = false;
    find_features();
    return 0;
  }

  /// What was asked for and is there; note_ says what is not.
  void find_features() noexcept {
    has_ = ring_.features() & ~options::masked;
    unsigned wanted = 0;
    const auto want = [&](ring_feature what, bool is_wanted) {
      if (is_wanted) wanted |= static_cast<unsigned>(what);
    };
    want(ring_feature::multishot_accept, options::is_multishot);
    want(ring_feature::multishot_receive, options::is_multishot);
    want(ring_feature::zero_copy, options::sends_zero_copy);
    want(ring_feature::message, options::wakes_by_message && Threading::concurrent);
    want(ring_feature::files, options::registers_files);
    has_ &= wanted;
    const auto lose = [&](ring_feature what) { has_ &= ~static_cast<unsigned>(what); };
    if (has(ring_feature::multishot_receive)) {
      using buffers = typename options::buffers;
      if (pool_.open(ring_, this, buffers::count, buffers::size) != 0) lose(ring_feature::multishot_receive);
    }
    if constexpr (options::registers_files) {
      if (has(ring_feature::files) && !files_.open(ring_)) lose(ring_feature::files);
    }
    note_.regret(wanted & ~has_);
  }
  [[nodiscard]] bool has(ring_feature what) const noexcept { return (has_ & static_cast<unsigned>(what)) != 0; }

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
  void submit_cancel(std::uint64_t tag) noexcept {
    ::io_uring_sqe& sqe = slot();
    ::io_uring_prep_cancel64(&sqe, tag, 0);
    sqe.user_data = answer;
  }

  void submit_file(io_operation& op) noexcept {
    ::io_uring_sqe& sqe = slot();
    submission::of_file(sqe, op, op.source->fd);
    sqe.user_data = address_of(op, whole);
  }

  /// A pending operation goes to the kernel, or waits for what the one that is there brings.
  void begin(io_operation& op, source& s) noexcept {
    if (!is_of_line(op.kind) || !(s.line.is_armed() || arm(op, s))) return submit(op, s);
    s.in_stage.stays = true;
  }

  /// Has the kernel bring what comes from now on. False: it is to be asked for this operation alone.
  [[nodiscard]] bool arm(const io_operation& op, source& s) noexcept {
    if (op.kind == io_kind::accept) {
      if (!has(ring_feature::multishot_accept) || !s.line.arm_accept()) return false;
      ::io_uring_sqe& sqe = slot();
      submission::of_door(sqe, s.fd);
      address(sqe, s, address_of(s, received));
      return true;
    }
    if (!s.is_stream || !s.is_socket || !s.line.may_be_armed()) return false;
    if (op.kind == io_kind::read) {
      // A reader that comes with room of its own has it filled where it is, the first time, and when the room is large:
      // else to copy the bytes costs less than to ask the kernel each time.
      if (!std::exchange(s.is_read_again, true) || op.size == 0 || op.size > options::buffers::size) return false;
    } else if (op.kind != io_kind::arrival) {
      return false;
    }
    if (!has(ring_feature::multishot_receive) || pool_.left() == 0) return false;
    s.line.arm();
    ::io_uring_sqe& sqe = slot();
    submission::of_stream(sqe, s.fd, pool_type::group);
    address(sqe, s, address_of(s, received));
    return true;
  }

  void submit(io_operation& op, source& s) noexcept {
    typename source::stage& stage = stage_of(s, op);
    stage.stays = false;
    ::io_uring_sqe& sqe = slot();
    if (op.kind == io_kind::write && s.is_stream && s.is_socket && op.size > options::zero_copy::above &&
        has(ring_feature::zero_copy)) {
      stage.bulk = true;
      submission::of_bulk(sqe, op, s.fd);
      return address(sqe, s, address_of(op, bulk));
    }
    // The last read found the socket empty.
    const bool waits_first = ring_.is_best() && !s.in.ready.load(std::memory_order_relaxed);
    submission::of_source(sqe, op, s.fd, s.is_socket, waits_first);
    address(sqe, s, address_of(op, whole));
  }

  /// Has the kernel say when it is worth another try.
  void submit_poll(io_operation& op, source& s) noexcept {
    stage_of(s, op).polls = true;
    ::io_uring_sqe& sqe = slot();
    ::io_uring_prep_poll_add(&sqe, s.fd, is_inbound(op.kind) ? POLLIN : POLLOUT);
    address(sqe, s, address_of(op, polls));
  }

  static void address(::io_uring_sqe& sqe, [[maybe_unused]] const source& s, std::uint64_t tag) noexcept {
    sqe.user_data = tag;
    if constexpr (options::registers_files) {
      if (s.place < 0) return;
      sqe.fd = s.place;
      sqe.flags |= IOSQE_FIXED_FILE;
    }
  }

  /// Each ring of the bell completes this once more; it is never read, since a write is an edge.
  void listen() noexcept {
    ::io_uring_sqe& sqe = slot();
    ::io_uring_prep_poll_multishot(&sqe, bell_.get(), POLLIN);
    sqe.user_data = bell;
    hears_bell_ = true;
  }
  void ring_bell() noexcept {
    const std::uint64_t one = 1;
    (void)!::write(bell_.get(), &one, sizeof one);
  }
  /// Wakes another loop from this one's thread, at once. False: not this way.
  [[nodiscard]] bool tell(ring_core& other) noexcept {
    if (!has(ring_feature::message) || !ring_.is_own_thread()) return false;
    ::io_uring_sqe& sqe = slot();
    ::io_uring_prep_msg_ring(&sqe, other.ring_.fd(), 0, answer, 0);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe.user_data = address_of(other, lost);
    return ring_.send();
  }

  /// Waits until the kernel holds nothing of this source any more.
  void let_go(source& s) noexcept {
    if (ring_.is_own_thread()) {
      if (s.line.cancel()) submit_cancel(address_of(s, received));
      while (s.line.is_armed() && ring_.enter_for_one()) reap();
    } else {
      abandon();
      s.line.disarm(inbound<Threading>::none);
    }
  }
  /// When the loop's thread has ended, nobody is left for whom the kernel would let go of one source: the ring goes,
  /// with all that it holds, and says nothing of it later.
  void abandon() noexcept {
    if (ring_.is_there()) reap();  // sockets that were accepted
    ring_.tear_down();
  }

  /// Takes in what has completed; runs nothing of the user's.
  void reap() noexcept {
    while (ring_.has_completed()) {
      const completion told = ring_.take();
      switch (told.tag & kinds) {
        case answer: break;
        case bell:
          if (!told.goes_on) hears_bell_ = false;
          break;
        case received: bring(at<source>(told.tag), told); break;
        case bulk: take_bulk(at<io_operation>(told.tag), told); break;
        case posted: this->take_posted(at<letter>(told.tag), told); break;
        case lost:
          if constexpr (Threading::concurrent) at<ring_core>(told.tag).ring_bell();
          break;
        default: take(at<io_operation>(told.tag), told);
      }
    }
  }

  /// A multishot operation has brought something, or has ended, or both.
  void bring(source& s, const completion& told) noexcept {
    this->note_arrival();
    io_operation* const waits = s.in.pending;
    int end = inbound<Threading>::none;
    if (told.has_buffer) {
      part& come = pool_.take(told.buffer, told.outcome > 0 ? static_cast<std::uint32_t>(told.outcome) : 0);
      if (told.outcome > 0) {
        s.line.push(come);
      } else {
        pool_.give_back(come);
      }
    }
    if (told.outcome >= 0 && s.line.accepts()) {
      if (!s.line.push_accepted(told.outcome)) ::close(told.outcome);  // no memory
    } else if (told.outcome <= 0 && is_an_end(told.outcome, s)) {
      end = told.outcome;
    }
    if (!told.goes_on) {
      s.line.disarm(end);
    } else if (s.line.waiting() >= most_waiting(s) && s.line.cancel()) {
      submit_cancel(address_of(s, received));  // one that nobody reads from is not to have all the buffers
    }
    if (waits == nullptr || !s.in_stage.stays) return;
    if (s.line.serve(*waits, s.line.is_armed())) {
      this->end(*waits, s);
    } else if (!told.goes_on) {
      begin(*waits, s);
    }
  }
  /// Whether the reader is to hear of it.
  [[nodiscard]] static bool is_an_end(int outcome, const source& s) noexcept {
    if (outcome == 0) return true;
    if (outcome == -ECANCELED) return !s.line.is_cancelled();
    return outcome != -ENOBUFS && outcome != -EINTR && outcome != -EAGAIN;
  }
  [[nodiscard]] unsigned most_waiting(const source& s) const noexcept {
    if (s.line.accepts()) return accepted_sockets<Threading>::enough;
    return pool_.count() >= 32 ? pool_.count() / 8 : 4;
  }

  /// A send from where the bytes lie says twice how it went: when it has been sent, and when it has been let go.
  void take_bulk(io_operation& op, completion told) noexcept {
    auto& s = static_cast<source&>(*op.source);
    if (told.is_notice) {
      told.outcome = static_cast<int>(op.outcome);
    } else if (told.goes_on) {
      op.outcome = told.outcome;
      return;
    }
    s.out_stage.bulk = false;
    if (told.outcome == -EOPNOTSUPP && !s.out_stage.cancelled) {  // a UNIX socket
      ::io_uring_sqe& sqe = slot();
      submission::of_source(sqe, op, s.fd, s.is_socket, false);
      return address(sqe, s, address_of(op, whole));
    }
    take(op, told);
  }

  void take(io_operation& op, const completion& told) noexcept {
    int outcome = told.outcome;
    if (is_of_file(op.kind)) {
      op.outcome = outcome == -EINTR ? -ECANCELED : outcome;  // nothing but a cancellation interrupts the kernel there
      return done_.push(op);
    }
    auto& s = static_cast<source&>(*op.source);
    typename source::stage& stage = stage_of(s, op);
    const bool transfers = is_transfer(op.kind);
    if (std::exchange(stage.polls, false)) {
      if (outcome >= 0 && stage.cancelled) outcome = -ECANCELED;
      if (outcome >= 0 && transfers) return submit(op, s);
      if (outcome >= 0) outcome = pending_error(s.fd);  // of a connect
    } else if (stage.cancelled) {
      if (outcome == -EAGAIN || outcome == -EINTR || outcome == -EINPROGRESS) outcome = -ECANCELED;
    } else if ((outcome == -EAGAIN && transfers) || outcome == -EINPROGRESS) {
      // Of a non-blocking pipe (and, from older kernels, of more) the kernel says so instead of waiting.
      return submit_poll(op, s);
    } else if (outcome == -EINTR) {
      return submit(op, s);
    }
    op.outcome = is_poll(op.kind) && outcome > 0 ? 0 : outcome;
    if (transfers) {
      const bool full = op.kind != io_kind::accept && op.outcome == static_cast<std::int64_t>(op.size);
      s.side(op.kind).ready.store(full || told.has_more_to_read, std::memory_order_relaxed);
    }
    end(op, s);
  }

  void end(io_operation& op, source& s) noexcept {
    s.side(op.kind).pending = nullptr;
    done_.push(op);
  }

  struct no_files {};

  bool hears_bell_ = false;
  unsigned has_ = 0;  // of ring_feature
  [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
  pool_type pool_;
  kernel_rings ring_;
  [[no_unique_address]] std::conditional_t<options::registers_files, file_table<options::files::count>, no_files>
      files_;
  work_list done_;  // ended, and not yet run
  ring_note note_;
};

}  // namespace tenon::detail
