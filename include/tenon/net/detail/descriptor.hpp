// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/core/work.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include <unistd.h>

namespace tenon::detail {

/// A descriptor and the backend that hears of it: that of the worker on which it first has to wait, its home.
///
/// It lies at one address while the object that owns it moves. It is let go of on its home's thread: closed elsewhere, it
/// travels there as a work item, so that no backend is ever touched by two threads.
template <class R>
class descriptor : work {
  using worker = typename R::worker;
  using source_type = typename R::backend::template loop<typename R::threading>::source;

 public:
  struct closer {
    void operator()(descriptor* d) const noexcept { d->close(); }
  };
  using owner = std::unique_ptr<descriptor, closer>;

  [[nodiscard]] static owner make(R& runtime, unique_fd fd) {
    return owner(::new (runtime.allocate(sizeof(descriptor))) descriptor(runtime, fd.release()));
  }

  [[nodiscard]] int fd() const noexcept { return source_.fd; }
  [[nodiscard]] R& runtime() const noexcept { return runtime_; }
  [[nodiscard]] worker* home() const noexcept { return home_; }
  [[nodiscard]] source_type& source() noexcept { return source_; }

  /// Gives it a home, this thread's worker, if it has none.
  [[nodiscard]] result<void> settle() noexcept {
    if (home_ != nullptr) return {};
    worker* const here = runtime_.current();
    if (here == nullptr) return std::errc::operation_not_permitted;  // awaited outside of its runtime
    if (const auto attached = here->backend().attach(source_); !attached) return attached.error();
    home_ = here;
    return {};
  }

 private:
  descriptor(R& runtime, int fd) noexcept : runtime_(runtime) { source_.fd = fd; }
  ~descriptor() = default;

  void close() noexcept {
    if (home_ == nullptr || home_ == runtime_.current() || !R::threading::concurrent || runtime_.stopped()) {
      if (home_ != nullptr) home_->backend().detach(source_);
      free();
    } else {
      this->run = [](work& item) noexcept {
        auto& self = static_cast<descriptor&>(item);
        self.home_->backend().detach(self.source_);
        self.free();
      };
      home_->pin(*this);
    }
  }
  void free() noexcept {
    ::close(source_.fd);
    R& runtime = runtime_;
    this->~descriptor();
    runtime.deallocate(this, sizeof(descriptor));
  }

  R& runtime_;
  worker* home_ = nullptr;
  source_type source_;
};

}  // namespace tenon::detail
