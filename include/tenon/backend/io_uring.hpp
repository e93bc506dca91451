// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/backend/detail/buffer_pool.hpp>
#include <tenon/backend/detail/file_table.hpp>
#include <tenon/backend/detail/inbound.hpp>
#include <tenon/backend/detail/kernel_rings.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/backend/detail/ring_note.hpp>
#include <tenon/backend/detail/ring_options.hpp>
#include <tenon/backend/detail/submission.hpp>
#include <tenon/backend/detail/wake_word.hpp>
#include <tenon/backend/epoll.hpp>
#include <tenon/core/loop.hpp>
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

/// Waits in io_uring: operations are handed to the kernel in batches, with the wait itself, and come back done. Where
/// the kernel has none, or it is forbidden, the loop is epoll's, and note() says why.
///
///     using my_runtime = tenon::runtime<tenon::io_uring<>, tenon::stealing<>>;
///     using wide_runtime = tenon::runtime<tenon::io_uring<tenon::entries<1024>, tenon::buffer_ring<1024, 2048>>>;
///
/// Options  entries<N>, multishot or single_shot, buffer_ring<N, Size>, send_zero_copy<Above>, message_wake,
///          registered_files<N>: backend/detail/ring_options.hpp says what each does. Without: multishot, and a
///          buffer_ring<>. What the kernel lacks is done without, and note() says so.
/// Shape    A ring of `entries` submissions (80 bytes each) and four times as many completions (16 each) shared with
///          the kernel; when concurrent, an eventfd; the buffers, of which only those are there that were ever used.
/// Cost     A turn is one system call, whatever the number of operations; a poll that finds nothing is none. A stream
///          that is waited for by arrival is armed once, and its bytes are copied once more, out of the buffer. No
///          allocation an operation; one a listening socket.
/// Threads  One, but for attempt, attempt_now and wake. The thread of the first wait() (or of the first start() that
///          finds the ring full) is the loop's for good; open() and the destructor may run on another.
/// Errors   open: EMFILE, ENFILE, ENOMEM. attach: EBADF (under the fallback, epoll's).
/// Cancellation  The kernel is asked to let go, and run() is called when it has. detach waits until it has let go of
///          what is armed: one system call, and none after the end of a stream.
/// Source   io_uring(7), io_uring_setup(2); Linux 5.13, at its best from 6.1 on (one issuer, deferred task work).
template <class... Options>
struct io_uring : family::backend {
  static_assert((detail::ring_option<Options> && ...),
                "tenon::io_uring<Options...>: an option is not one of io_uring's; write io_uring<> or "
                "io_uring<entries<512>>");
  using options = detail::ring_options<Options...>;
  static_assert(options::is_clear, "tenon::io_uring<Options...>: an option is given twice; write it once");

  static constexpr auto word = options::word;
  static constexpr bool performs_io = true;
  static constexpr bool proactor = true;

  template <class Threading>
  class loop {
    using epoll_loop = typename epoll::template loop<Threading>;
    using pool_type = detail::buffer_pool<Threading>;

   public:
    using part = detail::received_part<Threading>;

    /// In the ring's care, `pending` of a side is what waits, and `ready` no more than a guess: whether a call made at
    /// once, elsewhere than on the loop's thread, is likely to end.
    struct source : epoll_loop::source {
      struct stage {
        bool polls = false;      ///< the kernel waits for readiness, and the operation goes out again after that
        bool cancelled = false;  ///< not again
        bool stays = false;      ///< it is not in the kernel: it waits for what a multishot operation brings
        bool bulk = false;       ///< sent from where it lies: ended when the kernel says that it has let go
      };
      const void* home = nullptr;  ///< the loop, when it has a ring
      stage in_stage;
      stage out_stage;
      int place = -1;  ///< in the table of descriptors
      detail::inbound<Threading> line;
    };

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
      if constexpr (options::wakes_by_message) {
        if (neighbour_.self == this) neighbour_ = {};
      }
      ring_.tear_down();  // before the buffers
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
      if (!ring_.is_there()) return fallback_.attach(s);
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      s.home = this;
      s.in_stage = s.out_stage = {};
      s.line.reset();
      if constexpr (options::registers_files) s.place = files_.put(ring_, s.fd);
      return {};
    }

    void detach(source& s) noexcept {
      assert(s.is_idle());
      if (s.home == nullptr) return fallback_.detach(s);
      if (s.line.is_armed()) let_go(s);
      s.line.drop();
      if constexpr (options::registers_files) files_.remove(ring_, std::exchange(s.place, -1));
    }

    [[nodiscard]] static bool attempt(io_operation& op) noexcept {
      if (is_of_file(op.kind)) return false;
      auto& s = static_cast<source&>(*op.source);
      if (s.home == nullptr) return epoll_loop::attempt(op);
      if (is_of_line(op.kind)) {
        const bool was_armed = s.line.is_armed();
        if (s.line.serve(op, was_armed)) return true;
        if (was_armed) return false;
      }
      // At home the ring batches; elsewhere the call is made here, and only if it would block does it go home.
      if (s.home == detail::ring_here || is_poll(op.kind)) return false;
      return epoll_loop::attempt(op);
    }

    /// For who will not wait: an attempt that makes the call itself. outcome -EAGAIN: it would block.
    static void attempt_now(io_operation& op) noexcept {
      auto& s = static_cast<source&>(*op.source);
      if (s.home == nullptr) {
        if (!epoll_loop::attempt(op)) op.outcome = -EAGAIN;
        return;
      }
      if (is_of_line(op.kind)) {
        const bool was_armed = s.line.is_armed();
        if (s.line.serve(op, was_armed)) return;
        op.outcome = -EAGAIN;
        if (was_armed) return;
      }
      op.outcome = detail::perform(op, s.is_socket);
    }

    /// What has arrived, whole, from whatever thread reads: null when nothing has, or what has is the end.
    [[nodiscard]] static part* take_part(source& s) noexcept { return s.home != nullptr ? s.line.take() : nullptr; }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (!ring_.is_there()) return fallback_.start(op);
      if (is_of_file(op.kind)) {
        submit_file(op);
        return false;
      }
      auto& s = static_cast<source&>(*op.source);
      assert(s.side(op.kind).pending == nullptr && "one operation a side at a time");
      if (is_of_line(op.kind) && s.line.serve(op, s.line.is_armed())) return true;
      s.side(op.kind).pending = &op;
      stage_of(s, op) = {};
      begin(op, s);
      return false;
    }

    void cancel(io_operation& op) noexcept {
      if (!ring_.is_there()) return fallback_.cancel(op);
      if (is_of_file(op.kind)) return submit_cancel(address_of(op, whole));
      auto& s = static_cast<source&>(*op.source);
      typename source::stage& stage = stage_of(s, op);
      if (s.side(op.kind).pending != &op || std::exchange(stage.cancelled, true)) return;
      if (stage.stays) {
        op.outcome = -ECANCELED;
        return end(op, s);
      }
      submit_cancel(address_of(op, stage.polls ? polls : stage.bulk ? bulk : whole));
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!ring_.is_there()) return fallback_.wait(timeout);
      ring_.enable();
      detail::ring_here = this;
      if constexpr (Threading::concurrent) {
        if (!hears_bell_) listen();
        if constexpr (options::wakes_by_message) neighbour_ = {this, detail::here().current};
        pool_.refill();
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
      if (!wake_.notify()) return;
      if constexpr (options::wakes_by_message) {
        const neighbour from = neighbour_;
        if (from.self != nullptr && from.worker != nullptr && from.worker == detail::here().current &&
            from.self->tell(*this))
          return;
      }
      ring_bell();
    }

    [[nodiscard]] std::string_view note() const noexcept { return note_.read(); }

    /// A ring that puts work off until it is entered does not wake who polls its descriptor (seen on 6.18), and of a
    /// registered eventfd such a kernel forgets a signal that another eventfd causes. So it becomes one that does its
    /// work at once, for which a wait of the host's ends with EINTR now and then.
    [[nodiscard]] result<void> expose() noexcept {
      if (!ring_.is_there() || !ring_.is_best()) return {};
      ring_.tear_down();
      pool_.forget();
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
    // The low bits of a submission's user_data; what they are about is aligned to a pointer's size.
    static constexpr std::uint64_t whole = 0;     // an operation
    static constexpr std::uint64_t polls = 1;     // the readiness it waits for
    static constexpr std::uint64_t answer = 2;    // a cancellation's own, or a message that has come
    static constexpr std::uint64_t bell = 3;      // the eventfd
    static constexpr std::uint64_t bulk = 4;      // an operation that sends from where the bytes lie
    static constexpr std::uint64_t received = 5;  // a source, whose multishot operation has brought something
    static constexpr std::uint64_t lost = 6;      // the loop that a message did not reach
    static constexpr std::uint64_t kinds = 7;
    static_assert(alignof(io_operation) > kinds && alignof(source) > kinds);

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
    /// What a multishot operation may have brought already.
    [[nodiscard]] static constexpr bool is_of_line(io_kind kind) noexcept {
      return kind == io_kind::read || kind == io_kind::arrival || kind == io_kind::accept;
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
      using detail::ring_feature;
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
    [[nodiscard]] bool has(detail::ring_feature what) const noexcept {
      return (has_ & static_cast<unsigned>(what)) != 0;
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
    void submit_cancel(std::uint64_t tag) noexcept {
      ::io_uring_sqe& sqe = slot();
      ::io_uring_prep_cancel64(&sqe, tag, 0);
      sqe.user_data = answer;
    }

    void submit_file(io_operation& op) noexcept {
      ::io_uring_sqe& sqe = slot();
      detail::submission::of_file(sqe, op, op.source->fd);
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
        if (!has(detail::ring_feature::multishot_accept) || !s.line.arm_accept()) return false;
        ::io_uring_sqe& sqe = slot();
        detail::submission::of_door(sqe, s.fd);
        address(sqe, s, address_of(s, received));
        return true;
      }
      // A reader that comes with room of its own has it filled where it is.
      if (op.kind != io_kind::arrival || !s.is_stream || !s.is_socket || !s.line.may_be_armed()) return false;
      if (!has(detail::ring_feature::multishot_receive) || pool_.left() == 0) return false;
      s.line.arm();
      ::io_uring_sqe& sqe = slot();
      detail::submission::of_stream(sqe, s.fd, pool_type::group);
      address(sqe, s, address_of(s, received));
      return true;
    }

    void submit(io_operation& op, source& s) noexcept {
      typename source::stage& stage = stage_of(s, op);
      stage.stays = false;
      ::io_uring_sqe& sqe = slot();
      if (op.kind == io_kind::write && s.is_stream && s.is_socket && op.size > options::zero_copy::above &&
          has(detail::ring_feature::zero_copy)) {
        stage.bulk = true;
        detail::submission::of_bulk(sqe, op, s.fd);
        return address(sqe, s, address_of(op, bulk));
      }
      // The last read found the socket empty.
      const bool waits_first = ring_.is_best() && !s.in.ready.load(std::memory_order_relaxed);
      detail::submission::of_source(sqe, op, s.fd, s.is_socket, waits_first);
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
    [[nodiscard]] bool tell(loop& other) noexcept {
      if (!has(detail::ring_feature::message) || !ring_.is_own_thread()) return false;
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
        reap();  // the loop's thread has ended, and the kernel has cancelled what was its
      }
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
          case received: bring(at<source>(told.tag), told); break;
          case bulk: take_bulk(at<io_operation>(told.tag), told); break;
          case lost:
            if constexpr (Threading::concurrent) at<loop>(told.tag).ring_bell();
            break;
          default: take(at<io_operation>(told.tag), told);
        }
      }
    }

    /// A multishot operation has brought something, or has ended, or both.
    void bring(source& s, const detail::completion& told) noexcept {
      io_operation* const waits = s.in.pending;
      int end = detail::inbound<Threading>::none;
      if (told.has_buffer) {
        part& come = pool_.take(told.buffer, told.outcome > 0 ? static_cast<std::uint32_t>(told.outcome) : 0);
        if (told.outcome > 0) {
          s.line.push(come);
        } else {
          pool_.give_back(come);
        }
      }
      if (told.outcome >= 0 && s.line.accepts()) {
        if (!s.line.push_accepted(told.outcome)) ::close(told.outcome);  // never: it is cancelled far below that
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
      if (s.line.accepts()) return detail::accepted_sockets<Threading>::room / 2;
      return pool_.count() >= 32 ? pool_.count() / 8 : 4;
    }

    /// A send from where the bytes lie says twice how it went: when it has been sent, and when it has been let go.
    void take_bulk(io_operation& op, detail::completion told) noexcept {
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
        detail::submission::of_source(sqe, op, s.fd, s.is_socket, false);
        return address(sqe, s, address_of(op, whole));
      }
      take(op, told);
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

    /// The loop whose worker runs on this thread: from which it may wake another.
    struct neighbour {
      loop* self = nullptr;
      const void* worker = nullptr;
    };
    static inline thread_local neighbour neighbour_{};

    struct no_files {};

    bool hears_bell_ = false;
    unsigned has_ = 0;  // of ring_feature
    [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
    pool_type pool_;
    detail::kernel_rings ring_;
    [[no_unique_address]] std::conditional_t<options::registers_files, detail::file_table<options::files::count>,
                                             no_files> files_;
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    work_list done_;  // ended, and not yet run
    epoll_loop fallback_;
    detail::ring_note note_;
  };
};

static_assert(backend_policy<io_uring<>>);
static_assert(backend_policy<io_uring<entries<64>>>);

}  // namespace tenon
