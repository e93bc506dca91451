// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/tenon.hpp>

#include <cstddef>

/// Runs `program` once on a thread of its own, and on one, two and four workers.
template <class Program>
void on_any_number_of_workers(Program program) {
  struct pool : tenon::runtime<tenon::epoll, tenon::stealing<>> {
    using runtime::runtime;
  };
  program();
  for (const std::size_t threads : {1U, 2U, 4U}) {
    SCOPED_TRACE(threads);
    pool rt{{.threads = threads}};
    rt.run([&] {
      program();
      return 0;
    });
  }
}
