// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/backend/detail/timeout.hpp>
#include <tenon/backend/detail/wake_word.hpp>
#include <tenon/core/unique_fd.hpp>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <type_traits>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tenon {

/// Waits in poll(2): the backend for few descriptors, and for kernels and sandboxes that have nothing better.
///
///     using my_runtime = tenon::runtime<tenon::poll, tenon::fifo, tenon::single_thread>;
///
/// Shape    16 bytes of heap a source, reserved at attach; the list given to the kernel holds only the sources that
///          wait. When concurrent, an eventfd.
/// Cost     A turn is O(sources that wait), in the kernel too; an operation adds its own system call. start and its end
///          put a source on the list and take it off in O(1), and allocate nothing.
/// Threads  One, but for attempt and wake.
/// Errors   attach: EBADF, ENOMEM. wait: more descriptors than RLIMIT_NOFILE makes poll itself fail; it then completes
///          nothing.
/// Source   ppoll(2)
struct poll : family::backend {
  static constexpr auto word = fixed_string("poll");
  static constexpr bool performs_io = true;
  static constexpr bool proactor = false;

  template <class Threading>
  class loop {
   public:
    struct source : detail::ready_source<Threading> {
      std::size_t place = 0;  ///< where it stands on the list; 0: it does not
    };

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
      std::free(asked_);
      std::free(asking_);
    }

    [[nodiscard]] result<void> open() noexcept {
      if (!reserve(1)) return std::errc::not_enough_memory;
      asked_[0] = {-1, POLLIN, 0};  // poll passes over a negative descriptor
      if constexpr (Threading::concurrent) {
        bell_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (!bell_) return error_of(errno);
        asked_[0].fd = bell_.get();
      }
      return {};
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      if (!reserve(attached_ + 2)) return std::errc::not_enough_memory;
      ++attached_;
      s.place = 0;
      return {};
    }

    void detach([[maybe_unused]] source& s) noexcept {
      assert(s.is_idle() && s.place == 0);
      --attached_;
    }

    [[nodiscard]] static bool attempt(io_operation& op) noexcept { return detail::attempt_ready<Threading>(op); }
    [[nodiscard]] static bool attempt_here(io_operation& op) noexcept { return detail::attempt_here<Threading>(op); }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (detail::start_ready<Threading>(op)) return true;
      list(static_cast<source&>(*op.source));
      return false;
    }

    void cancel(io_operation& op) noexcept {
      if (detail::cancel_ready<Threading>(op, done_)) list(static_cast<source&>(*op.source));
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!done_.empty()) timeout = {};
      if (timeout.count() != 0 && !wake_.park()) timeout = {};
      const timespec span = detail::to_timespec(timeout.count() < 0 ? std::chrono::nanoseconds{} : timeout);
      int left = ::ppoll(asked_, static_cast<nfds_t>(count_), timeout.count() < 0 ? nullptr : &span, nullptr);
      wake_.unpark();
      if constexpr (Threading::concurrent) {
        if (left > 0 && asked_[0].revents != 0) {
          std::uint64_t rings = 0;
          (void)!::read(bell_.get(), &rings, sizeof rings);
          --left;
        }
      }
      // First the sources, then the operations: what an operation runs may change the list.
      for (std::size_t i = 1; left > 0 && i < count_;) {
        const auto said = asked_[i].revents;
        if (said == 0) {
          ++i;
          continue;
        }
        --left;
        source& s = *asking_[i];
        const bool over = (said & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        detail::deliver<Threading>(
            s, {.inbound = over || (said & POLLIN) != 0, .outbound = over || (said & POLLOUT) != 0, .ended = over},
            done_);
        asked_[i].revents = 0;
        list(s);
        // When it left the list, the last one stands here now, with what was said of it: look again.
        if (i < count_ && asking_[i] == &s) ++i;
      }
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (wake_.notify()) {
        const std::uint64_t one = 1;
        (void)!::write(bell_.get(), &one, sizeof one);
      }
    }

    [[nodiscard]] std::string_view note() const noexcept { return {}; }

   private:
    /// Makes the list say what the source waits for.
    void list(source& s) noexcept {
      const int events = (s.in.pending != nullptr ? POLLIN : 0) | (s.out.pending != nullptr ? POLLOUT : 0);
      if (events == 0) {
        if (s.place == 0) return;
        const std::size_t hole = std::exchange(s.place, 0);
        if (hole != --count_) {
          asked_[hole] = asked_[count_];
          asking_[hole] = asking_[count_];
          asking_[hole]->place = hole;
        }
        return;
      }
      if (s.place == 0) {
        assert(count_ < room_);
        s.place = count_++;
        asked_[s.place] = {s.fd, 0, 0};
        asking_[s.place] = &s;
      }
      asked_[s.place].events = static_cast<short>(events);
    }

    [[nodiscard]] bool reserve(std::size_t needed) noexcept {
      if (needed <= room_) return true;
      const std::size_t room = needed < 16 ? 16 : needed * 2;
      void* const asked = std::realloc(asked_, room * sizeof(pollfd));
      if (asked == nullptr) return false;
      asked_ = static_cast<pollfd*>(asked);
      void* const asking = std::realloc(asking_, room * sizeof(source*));
      if (asking == nullptr) return false;
      asking_ = static_cast<source**>(asking);
      room_ = room;
      return true;
    }

    // Place 0 is the bell's; [1, count_) are the sources with an operation pending.
    pollfd* asked_ = nullptr;
    source** asking_ = nullptr;
    std::size_t room_ = 0;
    std::size_t count_ = 1;
    std::size_t attached_ = 0;
    [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    work_list done_;  // ended, and not yet run
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<poll, family::backend>);

}  // namespace tenon
