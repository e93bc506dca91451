// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon::detail {

template <class Threading>
class buffer_pool;

/// Bytes that the kernel has received: [begin, end) of a buffer of a pool.
template <class Threading>
struct received_part {
  received_part* next = nullptr;
  buffer_pool<Threading>* pool = nullptr;
  std::byte* data = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] std::size_t size() const noexcept { return end - begin; }
};

}  // namespace tenon::detail
