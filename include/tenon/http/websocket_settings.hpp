// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tenon::http {

/// How much the other side of a websocket may send, and how long it may take.
struct websocket_settings {
  std::uint64_t message_bytes = 16U << 20;          ///< a larger message ends it, with too_big
  duration ping_every = std::chrono::seconds(30);   ///< while nothing comes and somebody reads; zero: never
  duration pong_within = std::chrono::seconds(10);  ///< of a ping; then it is dead: timed_out
  duration write = std::chrono::seconds(30);        ///< to take 256 KiB in, or what there is
  duration close = std::chrono::seconds(5);         ///< to answer a close frame, and then to close
  std::size_t kept_bytes =
      16 * 1024;  ///< a larger buffer goes back when it is empty; zero: while it is idle it has none
};

static_assert(websocket_settings{}.kept_bytes > 0);

}  // namespace tenon::http
