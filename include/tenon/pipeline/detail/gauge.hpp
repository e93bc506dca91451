// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace tenon::detail::weaving {

/// When an item came to where it is now; nothing where nobody asks.
template <bool Timed>
struct stamp {
  time_point since{};
};
template <>
struct stamp<false> {};

template <bool Timed, class Ticket>
struct stamped : Ticket, stamp<Timed> {};

/// How long items waited for a worker, and how long it worked on them: two histograms a worker, which alone writes
/// them. Off: nothing.
template <class Histogram, std::size_t Workers, bool On>
struct gauge {
  static constexpr bool on = true;
  struct of_worker {
    Histogram wait;
    Histogram service;
  };
  std::array<of_worker, Workers> workers;

  static std::uint64_t as_number(duration time) noexcept {
    return time < duration::zero() ? 0 : static_cast<std::uint64_t>(time.count());
  }
  void waited(std::size_t worker, duration time) noexcept { workers[worker].wait.record(as_number(time)); }
  void worked(std::size_t worker, duration time) noexcept { workers[worker].service.record(as_number(time)); }
};
template <class Histogram, std::size_t Workers>
struct gauge<Histogram, Workers, false> {
  static constexpr bool on = false;
};

}  // namespace tenon::detail::weaving
