// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/inbox.hpp>
#include <tenon/core/detail/row.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/scheduler/concept.hpp>

#include <atomic>
#include <cstddef>

namespace tenon {

/// Option of affinity: a new task without a key does not queue behind more than N others while a worker has fewer.
template <std::size_t N>
struct overflowing {
  static_assert(N >= 1,
                "tenon::overflowing<N>: N, how many may wait before a new task goes elsewhere, must be 1 at least");
  static constexpr std::size_t at = N;
};

namespace detail {

template <class Option>
inline constexpr std::size_t overflow_of = 0;  // no option of affinity's
template <std::size_t N>
inline constexpr std::size_t overflow_of<overflowing<N>> = N;

template <class... Options>
inline constexpr auto affinity_word = fixed_string("affinity<>");
template <std::size_t N>
inline constexpr auto affinity_word<overflowing<N>> =
    fixed_string("affinity<overflowing<") + decimal<N> + fixed_string(">>");

/// How many items wait at a worker: nobody counts them where nobody asks.
template <class Threading, std::size_t Overflow>
struct waiting_items {
  typename Threading::template atomic<std::size_t> count{0};

  // Relaxed: it is a hint about load, and publishes nothing.
  void came() noexcept { count.fetch_add(1, std::memory_order_relaxed); }
  void went() noexcept { count.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t number() const noexcept { return count.load(std::memory_order_relaxed); }
};
template <class Threading>
struct waiting_items<Threading, 0> {
  static void came() noexcept {}
  static void went() noexcept {}
};

}  // namespace detail

/// A task stays on the worker it started on: what it touches stays in that core's caches, and needs no lock among the
/// tasks of one worker.
///
///     using pinned = tenon::runtime<tenon::libuv, tenon::affinity<>>;
///     using evened = tenon::runtime<tenon::libuv, tenon::affinity<tenon::overflowing<64>>>;
///
/// Order    FIFO a worker. New tasks go round the workers in turn.
/// Overflow With overflowing<N> a new task whose turn is a worker where N or more wait goes to the next where fewer do
///          or, if there is none, to the one where the fewest wait. A task with a key, and one that goes on, stays with
///          its worker however long the queue there is: that is what they are bound for. What waits already is not
///          moved.
/// Cost     On the worker a linked list; from elsewhere one CAS into its inbox. With overflowing<N> a locked
///          instruction more for each push and each pop.
/// Threads  A task runs on one worker. There is no balancing of what has begun: a worker with much to do keeps it. A
///          task that waits on another worker's socket goes on there: sockets belong to the worker that first waited on
///          them.
template <class... Options>
struct affinity : family::scheduling {
  static_assert(sizeof...(Options) <= 1 && ((detail::overflow_of<Options> != 0) && ...),
                "tenon::affinity<...>: unknown option; affinity takes overflowing<N>, once");
  static constexpr auto word = detail::affinity_word<Options...>;
  static constexpr bool shares = false;

  template <class Threading>
  class shared {
   public:
    explicit shared(std::size_t workers) : inboxes_(workers, [](std::size_t) { return inbox(); }) {}

    /// A new item that may run anywhere.
    std::size_t inject(work& item) noexcept { return give(item, place()); }
    /// An item that is bound to a worker.
    std::size_t give(work& item, std::size_t worker) noexcept {
      inboxes_[worker].waiting.came();
      inboxes_[worker].items.push(item);
      return worker;
    }
    [[nodiscard]] work_list take(std::size_t worker) noexcept { return inboxes_[worker].items.take(); }
    [[nodiscard]] bool empty(std::size_t worker) const noexcept { return inboxes_[worker].items.empty(); }
    [[nodiscard]] auto& waiting_at(std::size_t worker) noexcept { return inboxes_[worker].waiting; }

   private:
    static constexpr std::size_t overflow = (detail::overflow_of<Options> + ... + 0);

    struct inbox {
      detail::inbox<Threading> items;
      [[no_unique_address]] detail::waiting_items<Threading, overflow> waiting;
    };

    [[nodiscard]] std::size_t place() noexcept {
      const std::size_t turn = turn_.fetch_add(1, std::memory_order_relaxed) % inboxes_.size();
      if constexpr (overflow == 0) {
        return turn;
      } else {
        std::size_t best = turn;
        std::size_t fewest = inboxes_[turn].waiting.number();
        for (std::size_t i = 1; i < inboxes_.size() && fewest >= overflow; ++i) {
          const std::size_t other = (turn + i) % inboxes_.size();
          const std::size_t there = inboxes_[other].waiting.number();
          if (there < fewest) {
            fewest = there;
            best = other;
          }
        }
        return best;
      }
    }

    detail::row<inbox> inboxes_;
    typename Threading::template atomic<std::size_t> turn_{0};
  };

  template <class Threading>
  class local {
   public:
    local(shared<Threading>& all, std::size_t index) noexcept : all_(all), index_(index) {}

    void push(work& item) noexcept {
      all_.waiting_at(index_).came();
      mine_.push(item);
    }
    std::size_t start(work& item) noexcept { return all_.inject(item); }
    [[nodiscard]] work* next() noexcept {
      if (++since_look_ >= look_every || mine_.empty()) {
        since_look_ = 0;
        mine_.append(all_.take(index_));
      }
      work* const item = mine_.pop();
      if (item != nullptr) all_.waiting_at(index_).went();
      return item;
    }
    [[nodiscard]] static work* find() noexcept { return nullptr; }
    [[nodiscard]] static std::size_t stolen() noexcept { return 0; }
    [[nodiscard]] bool idle() const noexcept { return mine_.empty() && all_.empty(index_); }

   private:
    static constexpr std::size_t look_every = 8;  // a busy worker takes in what was sent at least this often

    shared<Threading>& all_;
    std::size_t index_;
    std::size_t since_look_ = 0;
    work_list mine_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<affinity<>, family::scheduling>);

}  // namespace tenon
