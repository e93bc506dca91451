// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace tenon::http {

/// How much one request may ask of the server. What is over is refused, and the connection closed.
///
/// Shape    All sizes are inclusive: a head of exactly `head_bytes` is accepted.
/// Errors   The status of each refusal stands beside its limit.
struct limits {
  /// Request line and headers together, blank line included: 431; while still in the target: 414.
  std::uint32_t head_bytes = 16 * 1024;
  /// The request target alone: 414.
  std::uint32_t target_bytes = 8 * 1024;
  /// Header lines: 431.
  std::uint32_t header_count = 100;
  /// The body, decoded: 413.
  std::uint64_t body_bytes = 1024 * 1024;
  /// Chunk extensions, all of a request's together: 400.
  std::uint32_t chunk_extension_bytes = 1024;
  /// Trailer lines, all together: 431.
  std::uint32_t trailer_bytes = 4096;
};

static_assert(limits{}.target_bytes < limits{}.head_bytes);

}  // namespace tenon::http
