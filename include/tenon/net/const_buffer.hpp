// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include <sys/uio.h>

namespace tenon {

/// Bytes that somebody else holds, one of a row that is written as one.
///
///     const std::array<tenon::const_buffer, 2> parts{{head, body}};
///     auto sent = co_await peer.write_all(parts);
///
/// Shape    A pointer and a count: what the kernel calls an iovec, so that a row of them is handed over as it stands.
class const_buffer {
 public:
  const_buffer() = default;
  // NOLINTBEGIN(google-explicit-constructor): `{{head, body}}` is how it is used
  const_buffer(std::span<const std::byte> bytes) noexcept : part_{const_cast<std::byte*>(bytes.data()), bytes.size()} {}
  const_buffer(std::span<std::byte> bytes) noexcept : part_{bytes.data(), bytes.size()} {}
  const_buffer(std::string_view text) noexcept : part_{const_cast<char*>(text.data()), text.size()} {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] const std::byte* data() const noexcept { return static_cast<const std::byte*>(part_.iov_base); }
  [[nodiscard]] std::size_t size() const noexcept { return part_.iov_len; }

 private:
  iovec part_{};
};

static_assert(std::is_standard_layout_v<const_buffer> && sizeof(const_buffer) == sizeof(iovec));

}  // namespace tenon
