// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/sync/detail/permits.hpp>

#include <cstddef>
#include <system_error>
#include <utility>

namespace tenon::detail::syncing {

/// Permits that are given back when it is destroyed. `Kind` tells the guards of different primitives apart.
template <class Threading, class Kind>
class guard {
 public:
  /// It holds nothing.
  guard() noexcept = default;
  guard(permits<Threading>& of, std::size_t count) noexcept : of_(&of), count_(count) {}
  guard(guard&& other) noexcept : of_(std::exchange(other.of_, nullptr)), count_(other.count_) {}
  guard& operator=(guard&& other) noexcept {
    if (this != &other) {
      unlock();
      of_ = std::exchange(other.of_, nullptr);
      count_ = other.count_;
    }
    return *this;
  }
  ~guard() { unlock(); }

  /// Whether it holds what it guards.
  [[nodiscard]] explicit operator bool() const noexcept { return of_ != nullptr; }
  /// Gives back what it holds, now. Any thread.
  void unlock() noexcept {
    if (of_ != nullptr) std::exchange(of_, nullptr)->give(count_, Kind::ceiling);
  }

  /// For tenon itself: where it is from; null when it holds nothing.
  [[nodiscard]] permits<Threading>* from() const noexcept { return of_; }

 private:
  permits<Threading>* of_ = nullptr;
  std::size_t count_ = 0;
};

/// Waits for permits and gives a guard that holds them.
template <class Threading, class Kind>
class guard_wait : public permit_wait<Threading> {
 public:
  guard_wait(permits<Threading>& from, std::size_t count, on_stop stop) noexcept
      : permit_wait<Threading>(from, count, count, stop) {}

  [[nodiscard]] result<guard<Threading, Kind>> await_resume() const noexcept {
    if (this->canceled()) return std::errc::operation_canceled;
    return guard<Threading, Kind>(this->from(), this->takes);
  }
};

}  // namespace tenon::detail::syncing
