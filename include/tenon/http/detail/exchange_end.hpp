// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace tenon::http::detail {

/// What becomes of a connection after an exchange.
enum class exchange_end : std::uint8_t {
  open,    ///< another request may come
  ending,  ///< it is closed so that the client can read its answer
  cut,     ///< nothing more can be said, or the stream is somebody else's
};

}  // namespace tenon::http::detail
