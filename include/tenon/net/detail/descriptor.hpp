// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/core/work.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include <unistd.h>

namespace tenon::detail {

/// A descriptor and the backend that hears of it: that of the worker on which it first has to wait, its home.
///
/// It lies at one address while the object that owns it moves. It is let go of on its home's thread: closed elsewhere,
/// it travels there as a work item, so that no backend is ever touched by two threads.
template <class R>
class descriptor : work {
  using worker = typename R::worker;
  template <class T>
  using atomic = typename R::threading::template atomic<T>;
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
  [[nodiscard]] worker* home() const noexcept { return home_.load(std::memory_order_relaxed); }
  [[nodiscard]] source_type& source() noexcept { return source_; }

  /// Whether settle() has nothing more to do.
  [[nodiscard]] bool is_settled() const noexcept { return attached_.load(std::memory_order_acquire); }
  /// Gives it a home, this thread's worker, if it has none. True: the source may be used. False: a reader and a writer
  /// came at once, and the home of the other has still to hear of the source: it has when work pinned there runs.
  [[nodiscard]] result<bool> settle() noexcept {
    if (attached_.load(std::memory_order_acquire)) return true;
    worker* const here = runtime_.current();
    worker* home = home_.load(std::memory_order_acquire);
    if (home == nullptr) {
      if (here == nullptr) return std::errc::operation_not_permitted;  // awaited outside of its runtime
      if (home_.compare_exchange_strong(home, here, std::memory_order_acq_rel, std::memory_order_acquire)) home = here;
    }
    if (home != here) return false;
    if (const auto attached = here->backend().attach(source_); !attached) return attached.error();
    attached_.store(true, std::memory_order_release);
    return true;
  }

 private:
  descriptor(R& runtime, int fd) noexcept : runtime_(runtime) { source_.fd = fd; }
  ~descriptor() = default;

  void close() noexcept {
    const bool attached = attached_.load(std::memory_order_acquire);
    if (!attached || home() == runtime_.current() || !R::threading::concurrent || runtime_.deserted()) {
      if (attached) home()->backend().detach(source_);
      free();
    } else {
      this->run = [](work& item) noexcept {
        auto& self = static_cast<descriptor&>(item);
        self.home()->backend().detach(self.source_);
        self.free();
      };
      home()->pin(*this);
    }
  }
  void free() noexcept {
    ::close(source_.fd);
    R& runtime = runtime_;
    this->~descriptor();
    runtime.deallocate(this, sizeof(descriptor));
  }

  R& runtime_;
  atomic<worker*> home_{nullptr};
  atomic<bool> attached_{false};  // its home's backend knows it; only its home's thread writes
  source_type source_;
};

}  // namespace tenon::detail
