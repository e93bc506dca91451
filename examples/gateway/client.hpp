// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/net/endpoint.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// The built-in client: keep-alive connections that ask, check each answer byte by byte, and keep the times.
namespace gateway {

struct load {
  std::size_t connections = 64;
  std::chrono::milliseconds warm_up{300};
  std::chrono::milliseconds length{2000};
};

struct measured {
  std::uint64_t answers = 0;  ///< all of them as expected, or `wrong` says what came instead
  double seconds = 0;
  double p50_us = 0;
  double p99_us = 0;
  double server_cpu_s = 0;
  std::uint64_t server_allocations = 0;
  std::uint64_t server_resident_bytes = 0;
  std::string wrong;
};

measured drive(const tenon::endpoint& at, const load& asked);

}  // namespace gateway
