// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/inbox.hpp>
#include <tenon/core/detail/row.hpp>
#include <tenon/scheduler/concept.hpp>

#include <atomic>
#include <cstddef>

namespace tenon {

/// A task stays on the worker it started on: what it touches stays in that core's caches, and needs no lock among the
/// tasks of one worker.
///
///     using pinned = tenon::runtime<tenon::libuv, tenon::affinity<>>;
///
/// Order    FIFO a worker. New tasks go round the workers in turn.
/// Cost     On the worker a linked list; from elsewhere one CAS into its inbox.
/// Threads  A task runs on one worker. There is no balancing: a worker with much to do keeps it. A task that waits on
///          another worker's socket goes on there: sockets belong to the worker that first waited on them.
template <class... Options>
struct affinity : family::scheduling {
  static_assert(sizeof...(Options) == 0, "tenon::affinity<...>: unknown option; affinity<> takes none");
  static constexpr auto word = fixed_string("affinity<>");
  static constexpr bool shares = false;

  template <class Threading>
  class shared {
   public:
    explicit shared(std::size_t workers) : inboxes_(workers, [](std::size_t) { return inbox(); }) {}

    std::size_t inject(work& item) noexcept {
      return give(item, turn_.fetch_add(1, std::memory_order_relaxed) % inboxes_.size());
    }
    std::size_t give(work& item, std::size_t worker) noexcept {
      inboxes_[worker].push(item);
      return worker;
    }
    [[nodiscard]] work_list take(std::size_t worker) noexcept { return inboxes_[worker].take(); }
    [[nodiscard]] bool empty(std::size_t worker) const noexcept { return inboxes_[worker].empty(); }

   private:
    using inbox = detail::inbox<Threading>;

    detail::row<inbox> inboxes_;
    typename Threading::template atomic<std::size_t> turn_{0};
  };

  template <class Threading>
  class local {
   public:
    local(shared<Threading>& all, std::size_t index) noexcept : all_(all), index_(index) {}

    void push(work& item) noexcept { mine_.push(item); }
    std::size_t start(work& item) noexcept { return all_.inject(item); }
    [[nodiscard]] work* next() noexcept {
      if (++since_look_ >= look_every || mine_.empty()) {
        since_look_ = 0;
        mine_.append(all_.take(index_));
      }
      return mine_.pop();
    }
    [[nodiscard]] static work* find() noexcept { return nullptr; }
    [[nodiscard]] static std::size_t stolen() noexcept { return 0; }
    [[nodiscard]] bool idle() const noexcept { return mine_.empty() && all_.empty(index_); }

   private:
    static constexpr std::size_t look_every = 61;  // a busy worker takes new tasks in at least this often

    shared<Threading>& all_;
    std::size_t index_;
    std::size_t since_look_ = 0;
    work_list mine_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<affinity<>, family::scheduling>);

}  // namespace tenon
