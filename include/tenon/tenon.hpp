// SPDX-License-Identifier: BSL-1.0
#pragma once

/// All of tenon that needs nothing but a compiler. A door opens with its macro; the CMake target of the door sets it.

#include <tenon/version.hpp>

#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/backend/poll.hpp>
#include <tenon/config/select.hpp>
#include <tenon/memory/recycling.hpp>
#include <tenon/memory/system.hpp>
#include <tenon/net/signals.hpp>
#include <tenon/net/tcp_listener.hpp>
#include <tenon/net/tcp_stream.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/observe/off.hpp>
#include <tenon/parallel/fork_join.hpp>
#include <tenon/pipeline/fabric.hpp>
#include <tenon/pipeline/pipeline.hpp>
#include <tenon/pipeline/stage.hpp>
#include <tenon/queue/by_topology.hpp>
#include <tenon/queue/locked.hpp>
#include <tenon/queue/mpmc.hpp>
#include <tenon/queue/mpsc.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/runtime/basic_runtime.hpp>
#include <tenon/runtime/describe.hpp>
#include <tenon/runtime/presets.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/schedule_on.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/affinity.hpp>
#include <tenon/scheduler/fifo.hpp>
#include <tenon/scheduler/stealing.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/timeout.hpp>
#include <tenon/task/when_all.hpp>
#include <tenon/task/when_any.hpp>
#include <tenon/task/yield.hpp>
#include <tenon/topology/flat.hpp>

#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
#include <tenon/backend/io_uring.hpp>
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
#include <tenon/backend/libuv.hpp>
#endif
#if defined(TENON_WITH_MIMALLOC) && TENON_WITH_MIMALLOC
#include <tenon/memory/mimalloc.hpp>
#endif
#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC
#include <tenon/topology/hwloc.hpp>
#endif
#if defined(TENON_WITH_TOML) && TENON_WITH_TOML
#include <tenon/config/config.hpp>
#endif
