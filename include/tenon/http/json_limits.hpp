// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon::http {

/// What a body of JSON may be.
struct json_limits {
  std::uint64_t body_bytes = 1024 * 1024;  ///< more is 413
  std::size_t depth = 32;                  ///< of arrays and objects in each other; more is 400
};

}  // namespace tenon::http
