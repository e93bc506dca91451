// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tenon::detail {

/// The sizes of block that `recycling` keeps, in bytes: coroutine frames and nodes, then buffers.
inline constexpr std::array<std::size_t, 36> class_bytes = [] {
  std::array<std::size_t, 36> sizes{};
  for (std::size_t i = 0; i < 32; ++i) sizes[i] = 32 * (i + 1);
  for (std::size_t i = 0; i < 2; ++i) sizes[32 + i] = std::size_t{2048} << i;
  sizes[34] = std::size_t{16} * 1024;
  sizes[35] = std::size_t{64} * 1024;
  return sizes;
}();

/// How many classes there are; also what size_class_of gives when a size is beyond all of them.
inline constexpr std::size_t class_count = class_bytes.size();

/// The smallest class that holds `bytes`.
[[nodiscard]] constexpr std::size_t size_class_of(std::size_t bytes) noexcept {
  const std::size_t last = bytes - static_cast<std::size_t>(bytes != 0);
  if (last < 1024) return last / 32;
  const auto width =
      static_cast<std::size_t>(std::bit_width(last / 1024));  // 1: to 2 KiB, 2: to 4 KiB, ... 6: to 64 KiB
  if (width <= 2) return 31 + width;
  return width <= 6 ? 32 + (width + 1) / 2 : class_count;
}

/// What a block for `bytes` measures: the same wherever it was got, so that it can be given back anywhere.
[[nodiscard]] constexpr std::size_t block_bytes(std::size_t bytes) noexcept {
  const std::size_t size_class = size_class_of(bytes);
  return size_class < class_count ? class_bytes[size_class] : bytes;
}

/// How many free blocks of a class one arena keeps: 128 KiB of them, and 16 of the large ones.
[[nodiscard]] constexpr std::uint32_t kept_blocks(std::size_t size_class) noexcept {
  const std::size_t blocks = std::size_t{128} * 1024 / class_bytes[size_class];
  return static_cast<std::uint32_t>(blocks < 16 ? 16 : blocks);
}

static_assert([] {
  for (std::size_t i = 0; i < class_count; ++i) {
    if (size_class_of(class_bytes[i]) != i || size_class_of(class_bytes[i] + 1) != i + 1) return false;
  }
  return size_class_of(0) == 0 && size_class_of(1) == 0 && size_class_of(static_cast<std::size_t>(-1)) == class_count;
}());

}  // namespace tenon::detail
