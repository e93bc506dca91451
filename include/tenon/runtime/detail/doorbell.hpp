// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace tenon::detail {

/// What rings when the host's own code gives work to a single-threaded runtime between two visits: a descriptor of the
/// worker's, which its backend watches like any other. Concurrent backends have a bell of their own.
///
/// Cost     A ring is one write.
/// Threads  One.
template <class Worker, class Backend>
class doorbell : io_operation {
 public:
  doorbell() = default;
  doorbell(const doorbell&) = delete;
  doorbell& operator=(const doorbell&) = delete;

  [[nodiscard]] result<void> hang(Worker& at) noexcept {
    unique_fd made{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!made) return error_of(errno);
    source_.fd = made.get();
    if (const auto attached = at.backend().attach(source_); !attached) return attached.error();
    fd_ = std::move(made);
    worker_ = &at;
    kind = io_kind::readable;
    source = &source_;
    run = [](work& item) noexcept { static_cast<doorbell&>(static_cast<io_operation&>(item)).rung(); };
    listen();
    return {};
  }

  void ring() noexcept {
    const std::uint64_t one = 1;
    (void)!::write(fd_.get(), &one, sizeof one);
  }

  /// The runtime is stopped: the kernel lets go of the descriptor before it is closed.
  void take_down() noexcept {
    if (!fd_) return;
    hangs_ = false;
    worker_->backend().cancel(*this);
    while (!silent_) worker_->backend().wait(std::chrono::nanoseconds(-1));
    worker_->backend().detach(source_);
    fd_ = unique_fd{};
  }

 private:
  void rung() noexcept {
    if (!hangs_) {
      silent_ = true;
    } else {
      listen();
    }
  }
  void listen() noexcept {
    do {
      std::uint64_t rings = 0;
      (void)!::read(fd_.get(), &rings, sizeof rings);
    } while (worker_->backend().start(*this));
  }

  Worker* worker_ = nullptr;
  unique_fd fd_;
  typename Backend::source source_;
  bool hangs_ = true;
  bool silent_ = false;
};

}  // namespace tenon::detail
