// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "subject.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace serving {

/// What is asked of a server.
struct load {
  std::string_view path = "/plaintext";
  std::size_t connections = 64;
  std::size_t pipelined = 1;  // requests that a connection sends at once, and then waits for
  long requests = 100'000;
};

struct outcome {
  double server_cpu_us;               // a request
  double wall_us;                     // a request
  std::vector<float> round_trips_us;  // sorted
};

/// Starts the server in a process of its own, warms it, and puts the load on it. Ends the program when an answer is not
/// what was asked for.
outcome measure_server(const subject& server, const load& asked);

/// KiB that the server's resident memory grows by when so many connections are open that have been answered once.
double idle_kibibytes(const subject& server, std::size_t connections);

/// `bench/http --serve NAME PIPE`.
int serve(std::string_view name, int pipe);

/// All that can be measured here, ours first.
const std::vector<subject>& subjects();

}  // namespace serving
