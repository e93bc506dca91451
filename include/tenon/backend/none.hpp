// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/backend/detail/timeout.hpp>
#include <tenon/backend/detail/wake_word.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon {

/// No I/O: a worker that waits sleeps on one word. For runtimes that only compute.
///
///     using my_runtime = tenon::runtime<tenon::none, tenon::stealing<>>;
///
/// Shape    Four bytes when concurrent, else none; no descriptor.
/// Cost     wait: one futex call, none when a wake is owed. wake: one exchange, and a futex call when the loop sleeps.
/// Threads  One, but for wake.
/// Errors   attach: operation_not_supported; an operation ends at once with -EOPNOTSUPP.
/// Source   futex(2)
struct none : family::backend {
  static constexpr auto word = fixed_string("none");
  static constexpr bool performs_io = false;
  static constexpr bool proactor = false;

  template <class Threading>
  class loop {
   public:
    using source = io_source;

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    [[nodiscard]] result<void> open() noexcept { return {}; }
    [[nodiscard]] result<void> attach(source&) noexcept { return std::errc::operation_not_supported; }
    void detach(source&) noexcept {}

    [[nodiscard]] static bool attempt(io_operation& op) noexcept {
      op.outcome = -EOPNOTSUPP;
      return true;
    }
    [[nodiscard]] bool start(io_operation& op) noexcept { return attempt(op); }
    void cancel(io_operation&) noexcept {}

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (timeout.count() != 0 && wake_.park()) sleep(timeout);
      wake_.unpark();
      return 0;
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (wake_.notify()) ::syscall(SYS_futex, &wake_.word(), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }

    [[nodiscard]] std::string_view note() const noexcept { return {}; }

   private:
    void sleep(std::chrono::nanoseconds timeout) noexcept {
      const timespec span = detail::to_timespec(timeout.count() < 0 ? std::chrono::nanoseconds{} : timeout);
      const timespec* const limit = timeout.count() < 0 ? nullptr : &span;
      if constexpr (Threading::concurrent) {
        // Sleeps only while the word still says so: a notify between park and here is seen by the kernel. FUTEX_WAIT
        // takes a span of the monotonic clock.
        static_assert(sizeof(wake_.word()) == sizeof(std::uint32_t), "a futex is four bytes");
        ::syscall(SYS_futex, &wake_.word(), FUTEX_WAIT_PRIVATE, wake_.waiting, limit, nullptr, 0);
      } else {
        (void)::ppoll(nullptr, 0, limit, nullptr);
      }
    }

    [[no_unique_address]] detail::wake_word<Threading> wake_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<none, family::backend>);

}  // namespace tenon
