// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/tenon.hpp>

#include <cstddef>

/// The sentences the gateway is composed of: one source, as many runtimes.
namespace gateway {

struct solo : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, tenon::counters> {
  using runtime::runtime;
};
struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::counters> {
  using runtime::runtime;
};

#if TENON_WITH_IO_URING && TENON_WITH_MIMALLOC
void count_allocation() noexcept;

/// mimalloc, and each block counted, as operator new counts its own: what `allocations a request` says is then the
/// truth. A user's policy: it is a memory policy because it derives from one, and says in its own words what differs.
struct counted_mimalloc : tenon::mimalloc {
  class arena : tenon::mimalloc::arena {
   public:
    [[nodiscard]] void* allocate(std::size_t bytes) {
      count_allocation();
      return tenon::mimalloc::arena::allocate(bytes);
    }
    using tenon::mimalloc::arena::deallocate;
  };
  [[nodiscard]] static void* obtain(std::size_t bytes) {
    count_allocation();
    return tenon::mimalloc::obtain(bytes);
  }
};

struct ring : tenon::runtime<tenon::io_uring<>, tenon::stealing<>, counted_mimalloc, tenon::counters> {
  using runtime::runtime;
};
#endif

#if TENON_WITH_LIBUV
struct pinned : tenon::runtime<tenon::libuv, tenon::affinity<>, tenon::counters> {
  using runtime::runtime;
};
#endif

}  // namespace gateway
