// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>
#include <tenon/core/detail/wait.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/on_stop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/timer.hpp>
#include <tenon/net/detail/descriptor.hpp>
#include <tenon/net/detail/gathered.hpp>

#include <cassert>
#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <sys/socket.h>

namespace tenon::detail {

/// What an I/O operation is asked to do. `whole`: to go on until all of the buffer is written, or all of the buffers:
/// `data` of a whole send_message is a `gathered`.
struct io_request {
  io_kind kind;
  void* data = nullptr;
  std::size_t size = 0;
  time_point deadline = never;
  bool whole = false;
  on_stop stop = on_stop::cancel;
};

/// Counts what a transfer moved, on the worker that runs.
template <class R>
void count_transfer(const R& runtime, io_kind kind, std::int64_t bytes) noexcept {
  if constexpr (R::observe::enabled) {
    auto* const here = runtime.current();
    if (here == nullptr || bytes <= 0) return;
    if (kind == io_kind::read || kind == io_kind::receive_message)
      here->observer().received(static_cast<std::size_t>(bytes));
    if (kind == io_kind::write || kind == io_kind::send_message) here->observer().sent(static_cast<std::size_t>(bytes));
  }
}

/// The backend's attempt, by the shorter way on the descriptor's own worker.
template <class R>
[[nodiscard]] bool attempt(const descriptor<R>& on, io_operation& op) noexcept {
  using backend = typename R::backend::template loop<typename R::threading>;
  if constexpr (requires { backend::attempt_here(op); }) {
    if (here().current == on.home()) return backend::attempt_here(op);
  }
  return backend::attempt(op);
}

/// A socket's transfer without waiting: bytes, or -errno, -EAGAIN among them.
template <class R>
[[nodiscard]] std::int64_t try_io(descriptor<R>& on, const io_request& asked) noexcept {
  using backend = typename R::backend::template loop<typename R::threading>;
  if constexpr (requires { backend::transfer_here(on.source(), asked.kind, asked.data, asked.size); }) {
    const bool transfers = asked.kind == io_kind::read || asked.kind == io_kind::write;
    if (transfers && on.source().is_socket && here().current == on.home()) {
      const std::int64_t got = backend::transfer_here(on.source(), asked.kind, asked.data, asked.size);
      count_transfer(on.runtime(), asked.kind, got);
      return got;
    }
  }
  io_operation op;
  op.kind = asked.kind;
  op.source = &on.source();
  op.data = asked.data;
  op.size = asked.size;
  if constexpr (requires { backend::attempt_now(op); }) {
    backend::attempt_now(op);  // one that would rather be asked with start
  } else if (!attempt(on, op)) {
    if constexpr (!R::backend::proactor) return -EAGAIN;  // it knows that the call would block
    const auto got = asked.kind == io_kind::read ? ::recv(on.fd(), op.data, op.size, MSG_DONTWAIT)
                     : asked.kind == io_kind::write
                         ? ::send(on.fd(), op.data, op.size, MSG_DONTWAIT | MSG_NOSIGNAL)
                         : ::sendmsg(on.fd(), static_cast<const msghdr*>(op.data), MSG_DONTWAIT | MSG_NOSIGNAL);
    op.outcome = got < 0 ? -errno : got;
  }
  count_transfer(on.runtime(), asked.kind, op.outcome);
  return op.outcome;
}

/// One I/O operation of a coroutine: tried where it stands, and if that would block, waited for at the descriptor's
/// home.
///
/// The result is bytes (all of them together), a descriptor or zero; below zero it is -errno, with -ETIMEDOUT for a
/// deadline that passed and -ECANCELED for a stop request.
template <class R>
class io_wait : public wait, public io_operation, public timer {
 public:
  io_wait(descriptor<R>& on, const io_request& asked) noexcept
      : wait(&cancel), descriptor_(on), whole_(asked.whole), stop_(asked.stop) {
    kind = asked.kind;
    source = &on.source();
    data = asked.data;
    size = asked.size;
    deadline = asked.deadline;
    io_operation::run = [](work& item) noexcept { of(static_cast<io_operation&>(item)).completed(); };
    timer::run = [](work& item) noexcept { of(static_cast<timer&>(item)).expired(); };
  }

 protected:
  [[nodiscard]] std::int64_t finish() noexcept {
    count_transfer(descriptor_.runtime(), kind, total_);
    if (outcome >= 0) return total_;
    return outcome == -ECANCELED && expired_ ? -ETIMEDOUT : outcome;
  }

 public:
  [[nodiscard]] bool await_ready() noexcept {
    const auto settled = descriptor_.settle();
    if (!settled) {
      outcome = -settled.error().value();
      return true;
    }
    // A task that never finds its socket empty or full lets the others run now and then, as one in a long chain does.
    if (!*settled || ++here().depth >= transfer_depth) return false;
    while (attempt(descriptor_, *this)) {
      if (taken()) return true;
    }
    return false;
  }

  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    settle(*descriptor_.home(), waiter, *environment_of(waiter));
    if (stops() && env().stop.stop_requested()) {
      outcome = -ECANCELED;
      return false;
    }
    const this_thread& thread = here();
    if (thread.current == descriptor_.home() && thread.depth < transfer_depth) return begin();
    wait::run = [](work& item) noexcept { static_cast<io_wait&>(static_cast<wait&>(item)).arrives(); };
    descriptor_.home()->pin(static_cast<wait&>(*this));  // not scheduled, even from there: it must not be stolen
    return true;
  }

 private:
  using backend = typename R::backend::template loop<typename R::threading>;

  [[nodiscard]] static io_wait& of(io_operation& base) noexcept { return static_cast<io_wait&>(base); }
  [[nodiscard]] static io_wait& of(timer& base) noexcept { return static_cast<io_wait&>(base); }
  [[nodiscard]] bool stops() const noexcept { return stop_ == on_stop::cancel; }

  /// At home, not from the waiting coroutine itself.
  void arrives() noexcept {
    if (const auto settled = descriptor_.settle(); !settled) {
      outcome = -settled.error().value();
    } else if (begin()) {
      return;
    }
    resume();
  }

  /// At home: false when it ended at once.
  [[nodiscard]] bool begin() noexcept {
    while (descriptor_.home()->backend().start(*this)) {
      if (taken()) return false;
    }
    if (deadline != never) descriptor_.home()->arm(*this);
    if (stops()) watch();
    return true;
  }

  /// Takes in an outcome: true when that was the end.
  [[nodiscard]] bool taken() noexcept {
    if (outcome < 0) return true;
    total_ += outcome;
    if (!whole_) return true;
    if (kind == io_kind::send_message) {
      size = static_cast<gathered*>(static_cast<msghdr*>(data))->advance(static_cast<std::size_t>(outcome));
      return size == 0;
    }
    if (static_cast<std::size_t>(outcome) == size) return true;
    data = static_cast<char*>(data) + outcome;
    size -= static_cast<std::size_t>(outcome);
    return false;
  }

  void completed() noexcept {
    while (!taken()) {
      // A part was written although it had been cancelled: the cancellation is spent, so it is looked for here.
      if (expired_ || (stops() && env().stop.stop_requested())) {
        outcome = -ECANCELED;
        break;
      }
      if (!descriptor_.home()->backend().start(*this)) return;  // in flight again
    }
    if (armed()) descriptor_.home()->disarm(*this);
    end();
  }
  void expired() noexcept {
    expired_ = true;
    descriptor_.home()->backend().cancel(*this);
  }
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<io_wait&>(base);
    self.descriptor_.home()->backend().cancel(self);
  }

  descriptor<R>& descriptor_;
  std::int64_t total_ = 0;
  bool whole_;
  on_stop stop_;
  bool expired_ = false;
};

/// The operations whose result is a count of bytes.
template <class R>
class transfer_wait : public io_wait<R> {
 public:
  using io_wait<R>::io_wait;

  [[nodiscard]] result<std::size_t> await_resume() noexcept {
    const std::int64_t got = this->finish();
    if (got < 0) return error_of(static_cast<int>(-got));
    return static_cast<std::size_t>(got);
  }
};

/// The same of a row of buffers.
template <class R>
class gathered_wait : gathered, public transfer_wait<R> {
 public:
  gathered_wait(descriptor<R>& on, const iovec* parts, std::size_t count, time_point until, bool whole,
                on_stop stop) noexcept
      : gathered(parts, count),
        transfer_wait<R>(on,
                         {io_kind::send_message, static_cast<msghdr*>(this), gathered::size(), until, whole, stop}) {}
};

/// The operations whose result is that they have ended: readable, writable, connect.
template <class R>
class ready_wait : public io_wait<R> {
 public:
  using io_wait<R>::io_wait;

  [[nodiscard]] result<void> await_resume() noexcept {
    const std::int64_t got = this->finish();
    if (got < 0) return error_of(static_cast<int>(-got));
    return {};
  }
};

/// Accept: the result is a descriptor, or -errno.
template <class R>
class accept_wait : public io_wait<R> {
 public:
  using io_wait<R>::io_wait;

  [[nodiscard]] std::int64_t await_resume() noexcept { return this->finish(); }
};

}  // namespace tenon::detail
