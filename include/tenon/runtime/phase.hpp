// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace tenon {

/// Where a runtime is in its life. It goes through these in order, once.
enum class phase : std::uint8_t {
  initializing,  ///< made; work may be posted, nothing runs yet
  running,       ///< run() has been called
  draining,      ///< the main task has ended: new work is refused, waits are cancelled, what is there ends
  stopped,       ///< all has left; run() returns
};

}  // namespace tenon
