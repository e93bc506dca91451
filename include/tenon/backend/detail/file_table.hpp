// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/kernel_rings.hpp>

#include <cstdint>
#include <memory>
#include <new>

namespace tenon::detail {

/// The places of a ring's table of descriptors, and which of them are free.
///
/// Cost     put and remove: one system call each.
/// Threads  The loop's.
template <unsigned N>
class file_table {
 public:
  [[nodiscard]] bool open(kernel_rings& rings) noexcept {
    free_.reset(new (std::nothrow) std::uint16_t[N]);
    left_ = 0;
    if (free_ == nullptr || rings.register_files(N) != 0) return false;
    for (unsigned i = N; i-- > 0;) free_[left_++] = static_cast<std::uint16_t>(i);
    return true;
  }
  /// -1 when there is no place, and no harm in it.
  [[nodiscard]] int put(kernel_rings& rings, int fd) noexcept {
    if (left_ == 0) return -1;
    const unsigned place = free_[left_ - 1];
    if (!rings.set_file(place, fd)) return -1;
    --left_;
    return static_cast<int>(place);
  }
  /// False: the kernel does not let it go, and holds what it stands for open.
  [[nodiscard]] bool remove(kernel_rings& rings, int place) noexcept {
    if (place < 0 || !rings.is_there()) return true;
    if (!rings.set_file(static_cast<unsigned>(place), -1)) return false;
    free_[left_++] = static_cast<std::uint16_t>(place);
    return true;
  }

 private:
  std::unique_ptr<std::uint16_t[]> free_;
  unsigned left_ = 0;
};

}  // namespace tenon::detail
