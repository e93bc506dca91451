// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/observe/concept.hpp>
#include <tenon/observe/totals.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tenon {

/// Counts what each worker does: tasks, steals, bytes, sleeps. For reports and metrics that are always on.
///
///     struct app : tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::counters> { using runtime::runtime; };
///
/// Shape    A 64-bit number for each member of totals, one set a worker.
/// Cost     A hook: one load, one addition and one store in the worker's own memory. Nothing is locked: only the worker
///          writes, so with multi_thread each number is a relaxed atomic, and with single_thread a plain integer.
/// Threads  Hooks: the worker. read: any thread with multi_thread, else the worker.
struct counters : family::observe {
  static constexpr auto word = fixed_string("counters");
  static constexpr bool enabled = true;

  template <class Threading>
  class of {
   public:
    void spawned(std::size_t tasks) noexcept { tasks_spawned_.add(tasks); }
    void ran(std::size_t tasks) noexcept { tasks_run_.add(tasks); }
    void stole(std::size_t tasks) noexcept { tasks_stolen_.add(tasks); }
    void dropped(std::size_t items) noexcept { items_dropped_.add(items); }
    void received(std::size_t bytes) noexcept { bytes_received_.add(bytes); }
    void sent(std::size_t bytes) noexcept { bytes_sent_.add(bytes); }
    void parked() noexcept { parks_.add(1); }
    void woke() noexcept { wakes_.add(1); }

    [[nodiscard]] totals read() const noexcept {
      return {.tasks_spawned = tasks_spawned_.value(),
              .tasks_run = tasks_run_.value(),
              .tasks_stolen = tasks_stolen_.value(),
              .items_dropped = items_dropped_.value(),
              .bytes_received = bytes_received_.value(),
              .bytes_sent = bytes_sent_.value(),
              .parks = parks_.value(),
              .wakes = wakes_.value()};
    }

   private:
    /// Written by one thread, so load and store are enough; relaxed, because no other memory is published by it.
    class number {
     public:
      void add(std::uint64_t amount) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
      }
      [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

     private:
      typename Threading::template atomic<std::uint64_t> value_{0};
    };

    number tasks_spawned_;
    number tasks_run_;
    number tasks_stolen_;
    number items_dropped_;
    number bytes_received_;
    number bytes_sent_;
    number parks_;
    number wakes_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<counters, family::observe>);

}  // namespace tenon
