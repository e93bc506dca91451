// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

#include <sched.h>

namespace tenon::detail {

/// Threads of others that are inside a runtime: to hand it a task, or to wake it. What they have handed over may bring
/// the runtime to its end while they still look whom to wake; so run() does not return before they are out.
///
/// Edges    A visitor is counted before it publishes its item; the item is run, and all that follows from it, up to the
///          join of the workers, before see_off() looks: it sees the count. It sees zero only after the visitor's last
///          touch, which its release and this acquire order.
/// Cost     Two read-modify-writes a visit. A runtime of one thread has no visitors.
template <class Threading>
class visitors {
 public:
  class pass {
   public:
    explicit pass(visitors* at) noexcept : at_(at) {
      if (at_ != nullptr) at_->inside_.fetch_add(1, std::memory_order_relaxed);
    }
    pass(const pass&) = delete;
    pass& operator=(const pass&) = delete;
    ~pass() {
      if (at_ != nullptr) at_->inside_.fetch_sub(1, std::memory_order_release);
    }

   private:
    visitors* at_;
  };

  /// Until the pass is gone, if `outsider`.
  [[nodiscard]] pass come(bool outsider) noexcept { return pass(outsider && Threading::concurrent ? this : nullptr); }

  /// They are out but for a system call at most, so this seldom waits, and never for long.
  void see_off() const noexcept {
    while (inside_.load(std::memory_order_acquire) != 0) ::sched_yield();
  }

 private:
  typename Threading::template atomic<std::uint32_t> inside_{0};
};

}  // namespace tenon::detail
