// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tenon::detail {

/// Counts for the report: by a worker in the observer that it alone writes, by any other thread in two numbers here.
/// Relaxed, because no other memory is published by them. Nothing where nobody counts.
template <class Threading, bool Counts>
class outsiders {
 public:
  template <class R>
  void spawned(R& rt) noexcept {
    if (auto* const here = rt.current()) return here->observer().spawned(1);
    tasks_spawned_.fetch_add(1, std::memory_order_relaxed);
  }
  template <class R>
  void dropped(R& rt, std::size_t items) noexcept {
    if (auto* const here = rt.current()) return here->observer().dropped(items);
    items_dropped_.fetch_add(items, std::memory_order_relaxed);
  }
  template <class Totals>
  void add_to(Totals& all) const noexcept {
    all.tasks_spawned += tasks_spawned_.load(std::memory_order_relaxed);
    all.items_dropped += items_dropped_.load(std::memory_order_relaxed);
  }

 private:
  typename Threading::template atomic<std::uint64_t> tasks_spawned_{0};
  typename Threading::template atomic<std::uint64_t> items_dropped_{0};
};

template <class Threading>
class outsiders<Threading, false> {
 public:
  template <class R>
  static constexpr void spawned(R& /*rt*/) noexcept {}
  template <class R>
  static constexpr void dropped(R& /*rt*/, std::size_t /*items*/) noexcept {}
  template <class Totals>
  static constexpr void add_to(Totals& /*all*/) noexcept {}
};

}  // namespace tenon::detail
