// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/topology/machine.hpp>

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

namespace tenon {

/// Whom a worker steals from, nearest first: its own cluster (its own core before all), its own node, the rest.
///
///     const victim_order order(machine, worker, workers);
///     for (std::size_t victim : order.all()) ...
///
/// Within one distance it begins behind the worker itself and goes round, so that thieves do not all meet at worker 0.
///
/// Cost     workers - 1 numbers; made in O(workers).
/// Threads  Any may read it.
///
/// A template, of which there is one: a scheduling may name it, and a program without an order does not pay for the
/// list.
template <class Machine>
class basic_victim_order {
  using index = decltype(Machine::concurrency);  // std::size_t

 public:
  basic_victim_order(const Machine& where, std::size_t worker, std::size_t workers) {
    assert(worker < workers);
    order_.reserve(workers - 1);
    const place& own = where.place_of(worker);
    for (const distance wanted : {same_core, same_cluster, same_node, remote}) {
      for (std::size_t step = 1; step < workers; ++step) {
        const std::size_t other = (worker + step) % workers;
        if (between(own, where.place_of(other)) == wanted) order_.push_back(other);
      }
      if (wanted == same_cluster) cluster_end_ = order_.size();
      if (wanted == same_node) node_end_ = order_.size();
    }
  }

  /// Every other worker once.
  [[nodiscard]] std::span<const index> all() const noexcept { return order_; }
  /// Those that share the last level of cache.
  [[nodiscard]] std::span<const index> cluster() const noexcept { return all().first(cluster_end_); }
  /// Those of the same node but not of the same cluster.
  [[nodiscard]] std::span<const index> node() const noexcept {
    return all().subspan(cluster_end_, node_end_ - cluster_end_);
  }
  /// Those whose memory is far.
  [[nodiscard]] std::span<const index> far() const noexcept { return all().subspan(node_end_); }

 private:
  enum distance : unsigned char { same_core, same_cluster, same_node, remote };

  static distance between(const place& a, const place& b) noexcept {
    if (a.core == b.core) return same_core;
    if (a.cluster == b.cluster) return same_cluster;
    return a.node == b.node ? same_node : remote;
  }

  std::vector<index> order_;
  std::size_t cluster_end_ = 0;
  std::size_t node_end_ = 0;
};

using victim_order = basic_victim_order<machine>;

}  // namespace tenon
