// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/affinity.hpp>
#include <tenon/scheduler/fifo.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>

#include "laws/sync.hpp"

// The runtimes that the laws of sync/ run on.

namespace tenon_test {

using namespace std::chrono_literals;

struct solo : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};
struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
struct bound : tenon::runtime<tenon::epoll, tenon::affinity<>> {
  using runtime::runtime;
};
struct alone : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread, tenon::virtual_clock> {};

/// Where a model runs.
template <class Runtime, std::size_t Threads>
struct on {
  using runtime = Runtime;
  using threading = typename Runtime::threading;
  static constexpr std::size_t threads = Threads;
};

#if defined(TENON_TESTS_PAIRWISE)
template <template <class> class Model>
using on_all = testing::Types<Model<on<solo, 1>>, Model<on<crew, 3>>, Model<on<bound, 2>>>;
#else
template <template <class> class Model>
using on_all = testing::Types<Model<on<solo, 1>>, Model<on<crew, 1>>, Model<on<crew, 3>>, Model<on<bound, 2>>>;
#endif

template <class Main, class... Args>
void run_alone(Main main, Args&&... args) {
  tenon::laws::play<alone>(1, main, std::forward<Args>(args)...);
}

}  // namespace tenon_test
