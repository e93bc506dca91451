// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/detail/wait.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/timer.hpp>

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>

namespace tenon::detail {

/// One operation on a file, handed to the backend of the worker where the coroutine is.
template <class R>
class file_wait : io_source, file_part, public wait, public io_operation, public timer {
 public:
  file_wait(R& runtime, io_kind what, int file, void* memory, std::size_t count, std::uint64_t from,
            time_point until) noexcept
      : io_source{file}, file_part{memory, static_cast<std::int64_t>(from)}, wait(&cancel), runtime_(runtime) {
    kind = what;
    source = this;
    data = static_cast<file_part*>(this);
    size = count;
    deadline = until;
    io_operation::run = [](work& item) noexcept {
      auto& self = static_cast<file_wait&>(static_cast<io_operation&>(item));
      if (self.armed()) self.here_->disarm(self);
      self.end();
    };
    timer::run = [](work& item) noexcept {
      auto& self = static_cast<file_wait&>(static_cast<timer&>(item));
      self.expired_ = true;
      self.here_->backend().cancel(self);
    };
  }

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    here_ = runtime_.current();
    const environment& env = *environment_of(waiter);
    if (here_ == nullptr) {
      outcome = -EPERM;  // awaited outside of its runtime
      return false;
    }
    if (env.stop.stop_requested()) {
      outcome = -ECANCELED;
      return false;
    }
    settle(*here_, waiter, env);
    if (here_->backend().start(*this)) return false;
    if (deadline != never) here_->arm(*this);
    watch();
    return true;
  }
  [[nodiscard]] result<std::size_t> await_resume() const noexcept {
    if (outcome >= 0) return static_cast<std::size_t>(outcome);
    return error_of(outcome == -ECANCELED && expired_ ? ETIMEDOUT : static_cast<int>(-outcome));
  }

 private:
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<file_wait&>(base);
    self.here_->backend().cancel(self);
  }

  R& runtime_;
  typename R::worker* here_ = nullptr;
  bool expired_ = false;
};

}  // namespace tenon::detail
