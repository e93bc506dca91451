// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <utility>

namespace tenon::http::detail {

/// Desks that are free, of one worker: each has a `next`, and its buffers go where they have grown beyond what is kept.
template <class Desk>
class desk_store {
 public:
  desk_store() = default;
  desk_store(const desk_store&) = delete;
  desk_store& operator=(const desk_store&) = delete;
  ~desk_store() {
    while (first_ != nullptr) delete std::exchange(first_, first_->next);
  }

  [[nodiscard]] Desk& lend() {
    if (first_ == nullptr) return *new Desk;
    --count_;
    return *std::exchange(first_, first_->next);
  }
  void take_back(Desk& lent) noexcept {
    if (lent.in.capacity() > kept_bytes) lent.in.release();
    if (lent.out.capacity() > kept_bytes) lent.out.release();
    if (count_ == kept_desks) {
      delete &lent;
      return;
    }
    ++count_;
    lent.next = std::exchange(first_, &lent);
  }

 private:
  static constexpr std::size_t kept_desks = 256;
  static constexpr std::size_t kept_bytes = 256 * 1024;

  Desk* first_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace tenon::http::detail
