// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/detail/row.hpp>

#include <cassert>
#include <cstddef>

namespace tenon {

/// One T for each worker of a runtime: what tasks of that worker use without a lock, an object_pool mostly.
///
///     tenon::worker_local<tenon::object_pool<request>, edge> pools{rt};
///     // in any task of rt:
///     auto one = pools.here().acquire();    // of this worker's pool; it comes home wherever it ends
///
/// Shape    A T a worker, on cache lines of its own, made with it and without arguments. It may end before the runtime
///          does, or after; it is not in use then.
/// Cost     here(): who am I, and an index.
/// Threads  here(): workers of the runtime, each its own T. A task that waits may go on on another worker, and
///          a fork_join may run another task here meanwhile: ask again.
///          each(): who knows that no worker is at it.
template <class T, class R>
class worker_local {
 public:
  explicit worker_local(R& runtime)
      : runtime_(runtime), cells_(runtime.workers(), [](std::size_t) { return cell(); }) {}
  worker_local(const worker_local&) = delete;
  worker_local& operator=(const worker_local&) = delete;

  /// That of the worker that this runs on.
  [[nodiscard]] T& here() noexcept {
    const auto* const worker = runtime_.current();
    assert(worker != nullptr && "tenon::worker_local::here: not on a worker of this runtime");
    return cells_[worker->index()].value;
  }

  /// `act(value)` for that of each worker, in their order.
  template <class Act>
  void each(Act act) {
    for (cell& one : cells_) act(one.value);
  }

 private:
  struct alignas(cache_line) cell {
    cell() = default;
    T value{};
  };

  R& runtime_;
  detail::row<cell> cells_;
};

}  // namespace tenon
