// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace tenon {

/// What workers have done so far: of one, or of many added up. The shutdown report is one of these.
///
///     totals all;
///     for (const auto& worker : workers) all += worker.counts.read();
struct totals {
  std::uint64_t tasks_spawned = 0;   ///< tasks and functions that spawn, post and defer took; the main task is one
  std::uint64_t tasks_run = 0;       ///< times a ready task was run; one that waits n times is run n + 1 times
  std::uint64_t tasks_stolen = 0;    ///< ready tasks taken from another worker, counted by the thief
  std::uint64_t items_dropped = 0;   ///< by drop_oldest, drop_newest, and a runtime that drains and takes no more
  std::uint64_t bytes_received = 0;  ///< by reads that completed
  std::uint64_t bytes_sent = 0;      ///< by writes that completed
  std::uint64_t parks = 0;           ///< times a worker went to sleep
  std::uint64_t wakes = 0;           ///< times a worker came back from it: parks - wakes of them sleep now

  constexpr totals& operator+=(const totals& other) noexcept {
    tasks_spawned += other.tasks_spawned;
    tasks_run += other.tasks_run;
    tasks_stolen += other.tasks_stolen;
    items_dropped += other.items_dropped;
    bytes_received += other.bytes_received;
    bytes_sent += other.bytes_sent;
    parks += other.parks;
    wakes += other.wakes;
    return *this;
  }
  friend constexpr totals operator+(totals a, const totals& b) noexcept { return a += b; }
  friend constexpr bool operator==(const totals&, const totals&) = default;
};

}  // namespace tenon
