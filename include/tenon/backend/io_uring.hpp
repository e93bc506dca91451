// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/backend/detail/ring_core.hpp>
#include <tenon/backend/detail/ring_options.hpp>
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
  static_assert((std::is_base_of_v<detail::ring_option, Options> && ...),
                "tenon::io_uring<Options...>: an option is not one of io_uring's; write io_uring<> or "
                "io_uring<entries<512>>");
  using options = detail::ring_options<Options...>;
  static_assert(options::is_clear, "tenon::io_uring<Options...>: an option is given twice; write it once");

  static constexpr auto word = options::word;
  static constexpr bool performs_io = true;
  static constexpr bool proactor = true;

  template <class Threading>
  class loop : public detail::ring_core<options, Threading, typename epoll::template loop<Threading>> {
    using core = detail::ring_core<options, Threading, typename epoll::template loop<Threading>>;
    using core::done_;
    using core::ring_;

   public:
    using typename core::source;

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
      if constexpr (options::wakes_by_message) {
        if (next_door.self == this) next_door = {};
      }
    }

    [[nodiscard]] result<void> open(bool may_put_off = true) noexcept {
      const int error = this->set_up(may_put_off);
      if (error == EMFILE || error == ENFILE) return error_of(error);
      if (error == 0) return {};
      this->note_.explain(error);
      return fallback_.open();
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      s.home = nullptr;
      if (!ring_.is_there()) return fallback_.attach(s);
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      s.home = static_cast<const core*>(this);
      s.in_stage = s.out_stage = {};
      s.line.reset();
      s.is_read_again = false;
      s.posted.store(nullptr, std::memory_order_relaxed);
      if constexpr (options::registers_files) s.place = this->files_.put(ring_, s.fd);
      return {};
    }

    void detach(source& s) noexcept {
      assert(s.is_idle());
      if (s.home == nullptr) return fallback_.detach(s);
      if (!ring_.is_there()) {  // it was abandoned
        s.posted.store(nullptr, std::memory_order_relaxed);
        s.line.disarm(detail::inbound<Threading>::none);
        return s.line.drop();
      }
      if (s.posted.load(std::memory_order_relaxed) != nullptr && !this->let_go_of_letter(s)) this->abandon();
      if (s.line.is_armed()) this->let_go(s);
      s.line.drop();
      if constexpr (options::registers_files) {
        const bool removed = this->files_.remove(ring_, std::exchange(s.place, -1));
        if (!removed && !ring_.is_own_thread()) this->abandon();
      }
    }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (!ring_.is_there()) return fallback_.start(op);
      if (is_of_file(op.kind)) {
        this->submit_file(op);
        return false;
      }
      auto& s = static_cast<source&>(*op.source);
      assert(s.side(op.kind).pending == nullptr && "one operation a side at a time");
      if (detail::is_of_line(op.kind) && s.line.serve(op, s.line.is_armed())) return true;
      s.side(op.kind).pending = &op;
      this->stage_of(s, op) = {};
      if (s.is_behind_letter(op.kind)) {
        s.out_stage.stays = true;
      } else {
        this->begin(op, s);
      }
      return false;
    }

    /// Takes a small write over: its bytes go out with the next turn, in one submission with all else. False: it is to
    /// be written as ever, as when little came in with the last turn. The loop's thread.
    [[nodiscard]] bool post(source& s, const void* bytes, std::size_t size) noexcept {
      return s.home != nullptr && this->take_over(s, bytes, size);
    }
    /// Sends what was posted now. False: the socket is full, and some of it is left. The loop's thread.
    [[nodiscard]] bool hurry(source& s) noexcept { return s.home == nullptr || core::hurry(s); }

    void cancel(io_operation& op) noexcept {
      if (!ring_.is_there()) return fallback_.cancel(op);
      if (is_of_file(op.kind)) return this->submit_cancel(this->address_of(op, core::whole));
      auto& s = static_cast<source&>(*op.source);
      typename source::stage& stage = this->stage_of(s, op);
      if (s.side(op.kind).pending != &op || std::exchange(stage.cancelled, true)) return;
      if (stage.stays) {
        op.outcome = -ECANCELED;
        return this->end(op, s);
      }
      this->submit_cancel(this->address_of(op, stage.polls ? core::polls : stage.bulk ? core::bulk : core::whole));
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!ring_.is_there()) return fallback_.wait(timeout);
      ring_.enable();
      detail::ring_here = static_cast<const core*>(this);
      if constexpr (Threading::concurrent) {
        if (!this->hears_bell_) this->listen();
        if constexpr (options::wakes_by_message) next_door = {this, detail::here().current};
        this->pool_.refill();
      }
      if (!done_.empty() || ring_.has_completed()) timeout = {};
      if (timeout.count() != 0 && !wake_.park()) timeout = {};
      ring_.enter(timeout);
      wake_.unpark();
      this->begin_turn();
      detail::ring_is_busy = ring_.completed() > 1;
      this->reap();
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (!ring_.is_there()) return fallback_.wake();
      if (!wake_.notify()) return;
      if constexpr (options::wakes_by_message) {
        const neighbour from = next_door;
        if (from.self != nullptr && from.worker != nullptr && from.worker == detail::here().current &&
            from.self->tell(*this))
          return;
      }
      this->ring_bell();
    }

    [[nodiscard]] std::string_view note() const noexcept { return this->note_.read(); }

    /// A ring that puts work off until it is entered does not wake who polls its descriptor (seen on 6.18), and of a
    /// registered eventfd such a kernel forgets a signal that another eventfd causes. So it becomes one that does its
    /// work at once, for which a wait of the host's ends with EINTR now and then.
    [[nodiscard]] result<void> expose() noexcept {
      if (!ring_.is_there() || !ring_.is_best()) return {};
      ring_.tear_down();
      this->pool_.forget();
      return open(false);
    }
    [[nodiscard]] int handle() const noexcept { return ring_.is_there() ? ring_.fd() : fallback_.handle(); }
    [[nodiscard]] bool doze() noexcept {
      if (!ring_.is_there()) return fallback_.doze();
      if (!done_.empty() || !wake_.park()) return false;
      if constexpr (Threading::concurrent) {
        if (!this->hears_bell_) this->listen();
      }
      if (ring_.has_unsent()) ring_.enter({});
      if (!ring_.has_completed() && !ring_.asks_to_be_entered()) return true;
      wake_.unpark();
      return false;
    }

   private:
    /// The loop whose worker runs on this thread: from which it may wake another.
    struct neighbour {
      loop* self = nullptr;
      const void* worker = nullptr;
    };
    static inline thread_local neighbour next_door{};

    [[no_unique_address]] detail::wake_word<Threading> wake_;
    typename epoll::template loop<Threading> fallback_;
  };
};

static_assert(backend_policy<io_uring<>>);
static_assert(backend_policy<io_uring<entries<64>>>);

}  // namespace tenon
