// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace tenon::detail::weaving {

/// What a worker of an elastic stage does. From each there is one way on: idle, assigned, executing, completed, idle.
enum class worker_state : std::uint8_t {
  absent,     ///< there is none at this place now
  idle,       ///< it waits for an item
  assigned,   ///< it was given one, and has not begun
  executing,  ///< it is in the stage's function
  completed,  ///< it has a result, which it has not handed on yet: the next queue may be full
};

/// How an elastic stage is, at one instant.
template <std::size_t Max>
struct stage_health {
  struct worker {
    worker_state state = worker_state::absent;
    time_point since{};          ///< when it was given its item, or handed the last one on
    std::uint64_t done = 0;      ///< items that left this place with a value or an exception
    std::uint64_t replaced = 0;  ///< how often the worker at this place was left behind, and another took it
  };

  std::size_t size = 0;              ///< workers there are
  std::size_t min = 0;               ///< never fewer, but where the system gives no thread
  std::size_t max = Max;             ///< never more
  std::size_t busy = 0;              ///< of them with an item
  std::size_t queued = 0;            ///< items that wait for one
  std::size_t left_behind = 0;       ///< calls that ran over their time and have not returned
  std::size_t most_calls = 2 * Max;  ///< size and left_behind together are never more
  std::array<worker, Max> workers{};
};

}  // namespace tenon::detail::weaving
