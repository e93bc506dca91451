// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace tenon::http {

/// Why a WebSocket ends. 3000 to 3999 are registered by others, 4000 to 4999 are a program's own: cast a number.
///
/// Source   RFC 6455 section 7.4, and IANA's registry (1012 to 1014).
enum class close_code : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005,  ///< never sent: the other side said none
  abnormal = 1006,   ///< never sent: the connection ended without a close frame
  invalid_data = 1007,
  policy_violation = 1008,
  too_big = 1009,
  extension_required = 1010,
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
  bad_gateway = 1014,
};

/// Whether a close frame may say it.
[[nodiscard]] constexpr bool is_sendable(close_code which) noexcept {
  const auto number = static_cast<unsigned>(which);
  if (number >= 3000) return number <= 4999;
  return number >= 1000 && number <= 1014 && number != 1004 && number != 1005 && number != 1006;
}

static_assert(is_sendable(close_code::normal) && !is_sendable(close_code::abnormal));

}  // namespace tenon::http
