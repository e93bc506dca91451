// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>

namespace tenon {

/// How much: what may differ from one start of the program to the next. What a runtime *is* stands in its type.
///
///     edge rt{{.threads = 4, .name = "edge"}};
///
/// threads  Workers, the thread that calls run() counted; 0 means as many as the machine gives this process
///          (`topology`: processors of the affinity mask, CPU quota of the cgroup).
/// name     Of the threads, as `top -H` shows them: "edge/1". The first 13 characters count.
/// blocking_threads  The most that `blocking` makes, beside the workers. Each call holds one while it lasts, and calls
///          beyond that wait their turn. There is none before the first call, and an idle one leaves after 10 seconds.
template <bool Concurrent>
struct settings {
  std::size_t threads = 0;
  std::string name = "tenon";
  std::size_t blocking_threads = 64;
};

/// Settings of a runtime of one thread: there is no number of threads to set.
template <>
struct settings<false> {
  std::string name = "tenon";
};

}  // namespace tenon
