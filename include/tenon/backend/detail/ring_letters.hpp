// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/kernel_rings.hpp>
#include <tenon/backend/detail/letter.hpp>
#include <tenon/backend/detail/submission.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/io_operation.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

namespace tenon::detail {

/// Small writes that a ring's loop takes over: those of a turn leave in one submission, where each would be a call.
///
/// Order    What else is written to a source waits for its letter; see ring_source::posted. One that fails ends its
///          stream in both directions, so that nothing is written behind a gap.
/// Cost     A copy, a submission and its completion. It leaves when the turn is over; once the turn has lasted for a
///          tick of the kernel's clock (1 to 4 ms), what is there leaves at the next write, and that one is a call.
/// Threads  The loop's.
template <class Ring, class Source>
class ring_letters {
 public:
  ring_letters() = default;
  ring_letters(const ring_letters&) = delete;
  ring_letters& operator=(const ring_letters&) = delete;

 protected:
  ~ring_letters() = default;

  /// A turn begins: what comes with it is counted from here.
  void begin_turn() noexcept {
    arrivals_ = 0;
    began_ = steady::source::coarse_now();
  }
  void note_arrival() noexcept { ++arrivals_; }

  /// Takes bytes over. False: they are to be written as ever.
  [[nodiscard]] bool take_over(Source& s, const void* bytes, std::size_t size) noexcept {
    // To send one of them by itself would cost a turn more, for what it says of its end: two calls in place of one.
    if (arrivals_ < least_arrivals || size > letter::capacity || !s.is_stream || !s.is_socket) return false;
    // Where more has come already, there is more to be answered before the turn is over.
    if (s.out.pending != nullptr || s.posted.load(std::memory_order_relaxed) != nullptr || s.line.waiting() != 0)
      return false;
    if (steady::source::coarse_now() != began_) {  // others have had to wait for long enough
      send_all();
      return false;
    }
    letter* const one = letters_.take();
    if (one == nullptr) return false;
    std::memcpy(one->bytes, bytes, size);
    one->begin = 0;
    one->end = static_cast<std::uint32_t>(size);
    one->polls = false;
    one->to = &s;
    s.posted.store(one, std::memory_order_relaxed);
    send(*one, s);
    return true;
  }

  /// A letter's submission has ended.
  void take_posted(letter& one, const completion& told) noexcept {
    auto* const s = static_cast<Source*>(one.to);
    if (s != nullptr && is_unsent(one, told, *s)) return;
    letters_.give_back(one);
    if (s == nullptr) return;
    s->posted.store(nullptr, std::memory_order_release);
    if (io_operation* const waits = s->out.pending; waits != nullptr && s->out_stage.stays) ring().submit(*waits, *s);
  }

  /// Sends what was taken over now, as far as the socket takes it. True: nothing of it is left. The ring's thread.
  [[nodiscard]] bool hurry(Source& s) noexcept {
    send_all();
    ring().reap();
    return s.posted.load(std::memory_order_relaxed) == nullptr;
  }

  /// The descriptor is about to be closed: what was taken over goes out before that, as far as the socket takes it.
  /// False: the kernel is not told so, for this is not the ring's thread.
  [[nodiscard]] bool let_go_of_letter(Source& s) noexcept {
    const bool is_own_thread = ring().ring_.is_own_thread();
    if (is_own_thread && hurry(s)) return true;
    letter* const left = s.posted.exchange(nullptr, std::memory_order_relaxed);
    if (left == nullptr) return true;
    left->to = nullptr;
    if (!is_own_thread) return false;
    ring().submit_cancel(Ring::address_of(*left, Ring::posted));
    send_all();  // with what names the descriptor: its number may be another's soon
    return true;
  }

 private:
  static constexpr unsigned least_arrivals = 4;

  [[nodiscard]] Ring& ring() noexcept { return static_cast<Ring&>(*this); }

  /// Has the kernel take all that is put down.
  void send_all() noexcept {
    while (ring().ring_.has_unsent()) {
      if (ring().ring_.send()) continue;
      ring().reap();
      ::sched_yield();
    }
  }
  void send(letter& one, Source& s) noexcept {
    ::io_uring_sqe& sqe = ring().slot();
    submission::of_letter(sqe, one, s.fd);
    Ring::address(sqe, s, Ring::address_of(one, Ring::posted));
  }

  /// Has the rest of a letter sent. False: there is none, or it fails, of which who reads or writes next will hear.
  [[nodiscard]] bool is_unsent(letter& one, const completion& told, Source& s) noexcept {
    const auto failed = [&s] {
      ::shutdown(s.fd, SHUT_RDWR);
      return false;
    };
    if (std::exchange(one.polls, false)) {
      if (told.outcome < 0) return failed();
    } else if (told.outcome == -EAGAIN) {  // as some kernels say of a non-blocking socket
      one.polls = true;
      ::io_uring_sqe& sqe = ring().slot();
      ::io_uring_prep_poll_add(&sqe, s.fd, POLLOUT);
      Ring::address(sqe, s, Ring::address_of(one, Ring::posted));
      return true;
    } else if (told.outcome >= 0) {
      one.begin += static_cast<std::uint32_t>(told.outcome);
      if (one.begin == one.end) return false;
      if (told.outcome == 0) return failed();
    } else if (told.outcome != -EINTR) {
      return failed();
    }
    send(one, s);
    return true;
  }

  unsigned arrivals_ = 0;  // with the last wait
  time_point began_{};     // the turn, by the kernel's last tick
  letter_store letters_;
};

}  // namespace tenon::detail
