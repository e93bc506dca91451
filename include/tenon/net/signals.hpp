// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/detail/descriptor.hpp>
#include <tenon/net/detail/io_wait.hpp>
#include <tenon/task/task.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace tenon {

namespace detail {

/// Where a signal's handler writes: signals belong to the process, so this one table does too.
///
/// Invariant  Whoever closes the pipe does so after it has written nowhere into `pipe` and then seen no handler busy,
///            and a handler says that it is busy before it reads `pipe`. All four are sequentially consistent, so a
///            handler that still reads the pipe is seen, and waited for: none writes into a descriptor of somebody
///            else that has the number by then.
struct signal_wire {
  std::atomic<int> pipe{0};  ///< the descriptor + 1; 0 is nowhere
  std::atomic<int> busy{0};  ///< handlers of this signal that run
};
inline constinit std::array<signal_wire, 65> signal_wires{};

inline void signal_arrived(int number) noexcept {
  const int saved = errno;
  signal_wire& wire = signal_wires[static_cast<std::size_t>(number)];
  wire.busy.fetch_add(1);
  const int pipe = wire.pipe.load() - 1;
  const auto name = static_cast<unsigned char>(number);
  if (pipe >= 0) (void)!::write(pipe, &name, 1);  // a full pipe has this news in it already
  wire.busy.fetch_sub(1);
  errno = saved;
}

}  // namespace detail

/// Signals as something to wait for. Users write `edge::signals`.
///
///     auto asked = edge::signals::open(rt, {SIGINT, SIGTERM}).value();
///     co_await asked.next();
///     rt.request_stop();
///
/// Shape         While it lives the signals do nothing but wake next(); afterwards they do what they did before.
/// Threads       One task waits at a time. Which thread the kernel interrupts does not matter.
/// Errors        open: device_or_resource_busy when another object has one of the signals; invalid_argument for a
///               number that is none or that cannot be caught.
/// Cancellation  next gives operation_canceled after a stop request. A signal that came before is kept.
/// Source        D. J. Bernstein's self-pipe; sigaction(2), signal-safety(7).
template <class R>
class basic_signals {
 public:
  [[nodiscard]] static result<basic_signals> open(R& runtime, std::initializer_list<int> numbers) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return error_of(errno);
    basic_signals made(runtime, unique_fd(ends[0]), unique_fd(ends[1]));
    made.taken_.reserve(numbers.size());  // none is caught that could not be put down, and so given back
    for (const int number : numbers) {
      if (const std::error_code error = made.take(number)) return error;
    }
    return made;
  }

  basic_signals(basic_signals&&) noexcept = default;
  basic_signals& operator=(basic_signals&&) = delete;
  ~basic_signals() {
    for (const taken& each : taken_) {
      ::sigaction(each.number, &each.before, nullptr);
      detail::signal_wire& wire = detail::signal_wires[static_cast<std::size_t>(each.number)];
      wire.pipe.store(0);
      while (wire.busy.load() != 0) ::sched_yield();
    }
  }

  /// The number of the next signal.
  [[nodiscard]] task<result<int>> next(time_point deadline = never) {
    unsigned char number = 0;
    const auto got = co_await detail::transfer_wait<R>(*read_, {io_kind::read, &number, 1, deadline});
    if (!got) co_return got.error();
    co_return int{number};
  }

 private:
  struct taken {
    int number;
    struct sigaction before;
  };

  basic_signals(R& runtime, unique_fd read, unique_fd write)
      : read_(detail::descriptor<R>::make(runtime, std::move(read))), write_(std::move(write)) {}

  [[nodiscard]] std::error_code take(int number) {
    if (number <= 0 || static_cast<std::size_t>(number) >= detail::signal_wires.size()) return error_of(EINVAL);
    int nowhere = 0;
    auto& pipe = detail::signal_wires[static_cast<std::size_t>(number)].pipe;
    if (!pipe.compare_exchange_strong(nowhere, write_.get() + 1)) return error_of(EBUSY);
    taken entry{number, {}};
    struct sigaction action{};
    action.sa_handler = &detail::signal_arrived;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    if (::sigaction(number, &action, &entry.before) != 0) {
      const int why = errno;
      pipe.store(0);
      return error_of(why);
    }
    taken_.push_back(entry);
    return {};
  }

  typename detail::descriptor<R>::owner read_;
  unique_fd write_;
  std::vector<taken> taken_;
};

}  // namespace tenon
