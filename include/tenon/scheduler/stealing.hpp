// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/child_stack.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/detail/row.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/scheduler/concept.hpp>
#include <tenon/scheduler/detail/injector.hpp>
#include <tenon/scheduler/detail/stealing_parts.hpp>
#include <tenon/topology/victim_order.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace tenon {

/// A queue a worker; a worker that has nothing takes the older half of another's. The default.
///
///     using edge = tenon::runtime<tenon::io_uring<>, tenon::stealing<>>;
///     using tree = tenon::runtime<tenon::stealing<tenon::split, tenon::lifo_slot<>>>;   // each word has its header
///
/// Options  chase_lev, split: a deque, of which the worker runs the newest item first, in place of the queue.
///          lifo_slot<K>: what was made ready last runs next.
/// Order    FIFO a worker while nobody steals. New tasks from outside are taken in first-come order, a few at a time:
///          the first of them runs in turn with the worker's own, those behind it wait at the end of its queue.
///          The branches of when_all and fork wait on a stack of the worker's, newest first, and come into its queue
///          when another worker has found nothing to take.
/// Cost     A push and a pop are one locked instruction each on a line that is the worker's own; a steal is one CAS for
///          half a queue, up to 32. The queue begins with 256 pointers and grows; where there is no memory for that,
///          what does not fit, and what comes after it, waits in the queue from outside.
/// Threads  Any worker runs any task.
///          A thief begins with a worker drawn by lot. Where the topology knows that some are nearer (hwloc on such a
///          machine, synthetic) it goes through them nearest first: see victim_order.
/// Source   R. Blumofe and C. Leiserson, "Scheduling Multithreaded Computations by Work Stealing", 1999.
template <class... Options>
struct stealing : family::scheduling {
  static_assert(detail::stealing_parts<Options...>::are_options,
                "tenon::stealing<...>: unknown option; stealing takes chase_lev or split, and lifo_slot<K>, each once");
  static constexpr auto word = detail::stealing_parts<Options...>::word;
  static constexpr bool shares = true;

  template <class Threading>
  class shared {
   public:
    using ring = typename detail::stealing_parts<Options...>::template queue<Threading>;

    explicit shared(std::size_t workers)
        : rings_(workers, [](std::size_t) { return ring(); }), children_(workers, [=](std::size_t) {
            return detail::child_stack(&detail::promise_base::go_on, workers > 1);
          }) {}
    /// The same for workers that run on the places of a machine. A template, so that nobody else pays for the orders.
    template <std::same_as<machine> Machine>
    shared(std::size_t workers, const Machine& where) : shared(workers) {
      if (victim_order(where, 0, workers).cluster().size() + 1 == workers) return;  // all are equally near
      victims_ = new std::size_t[workers * (workers - 1)];
      for (std::size_t worker = 0, at = 0; worker < workers; ++worker) {
        const victim_order order(where, worker, workers);
        for (const std::size_t victim : order.all()) victims_[at++] = victim;
      }
    }
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;
    ~shared() { delete[] victims_; }

    std::size_t inject(work& item) noexcept {
      injected_.push(item);
      return 0;
    }
    std::size_t give(work& item, std::size_t worker) noexcept {
      injected_.push(item);
      return worker;
    }

    [[nodiscard]] std::size_t workers() const noexcept { return rings_.size(); }
    [[nodiscard]] ring& ring_of(std::size_t worker) noexcept { return rings_[worker]; }
    /// All others, nearest first; nullptr when none is nearer than another.
    [[nodiscard]] const std::size_t* victims_of(std::size_t worker) const noexcept {
      return victims_ == nullptr ? nullptr : victims_ + worker * (rings_.size() - 1);
    }
    [[nodiscard]] detail::child_stack& children_of(std::size_t worker) noexcept { return children_[worker]; }
    [[nodiscard]] detail::injector<Threading>& injected() noexcept { return injected_; }

   private:
    detail::row<ring> rings_;
    detail::row<detail::child_stack> children_;
    detail::injector<Threading> injected_;
    std::size_t* victims_ = nullptr;  // an order a worker, side by side; a row of them would cost each program more
  };

  template <class Threading>
  class local {
   public:
    local(shared<Threading>& all, std::size_t index) noexcept
        : all_(all),
          ring_(all.ring_of(index)),
          children_(all.children_of(index)),
          index_(index),
          seed_(static_cast<std::uint32_t>(index) * 2 + 1) {}

    void push(work& item) noexcept {
      if constexpr (detail::stealing_parts<Options...>::gives_way_outside) {
        if (detail::stealing_parts<Options...>::gives_way(item)) return all_.injected().push(item);
      }
      // Those behind one that did not fit follow it: in the ring they would go round without it.
      if (!spills_ && ring_.push(item)) return;
      spills_ = true;
      all_.injected().push(item);
    }
    std::size_t start(work& item) noexcept {
      push(item);
      return index_;
    }
    [[nodiscard]] work* next() noexcept {
      ++turn_;
      if (turn_ - looked_ >= look_every && !all_.injected().seems_empty()) {
        looked_ = turn_;
        if (work* const item = take_in()) return item;
      }
      if ((turn_ & 1) != 0) {  // in turn with what else is ready
        if (work* const item = children_.pop()) return item;
      }
      work* const item = front();
      return item != nullptr ? item : children_.pop();
    }
    /// Where the branches of forks wait.
    [[nodiscard]] detail::child_stack& children() noexcept { return children_; }
    /// The oldest item of its own queue.
    [[nodiscard]] work* front() noexcept {
      work* const item = ring_.pop();
      // Here too: a scheduling made of several of these empties the injection queue without find().
      if (item == nullptr && spills_) spills_ = !all_.injected().empty();
      return item;
    }
    [[nodiscard]] work* find() noexcept {
      work_list more;
      if (work* const item = all_.injected().pop_some(batch / all_.workers() + 1, more)) {
        ring_.push_all(more);  // it was empty, and a batch is less than it holds
        spills_ = spills_ && !all_.injected().empty();
        return item;
      }
      spills_ = false;
      if constexpr (Threading::concurrent) {
        if (const std::size_t* const victims = all_.victims_of(index_)) {
          for (std::size_t i = 0; i + 1 < all_.workers(); ++i) {
            if (work* const item = steal_from(victims[i])) return item;
          }
          ask_all();
          return nullptr;
        }
        const std::size_t begin = random() % all_.workers();
        for (std::size_t i = 0; i < all_.workers(); ++i) {
          const std::size_t victim = begin + i < all_.workers() ? begin + i : begin + i - all_.workers();
          if (victim == index_) continue;
          if (work* const item = steal_from(victim)) return item;
        }
        ask_all();
      }
      return nullptr;
    }
    /// Whether others may take something now that they might not before, or that was out of their sight for an instant:
    /// asked after next().
    [[nodiscard]] bool published() noexcept {
      if constexpr (requires { ring_.published(); }) {
        return ring_.published();
      } else {
        return moved_ && std::exchange(moved_, false);
      }
    }
    [[nodiscard]] std::size_t stolen() noexcept {
      const std::size_t since = stolen_;
      stolen_ = 0;
      return since;
    }
    [[nodiscard]] bool idle() const noexcept {
      if (!all_.injected().empty()) return false;
      for (std::size_t i = 0; i < all_.workers(); ++i) {
        if (!all_.ring_of(i).empty()) return false;
      }
      return true;
    }

   private:
    /// How often a busy worker takes what was injected, if there is something: more than two, so that the turns which
    /// are left are not all the children's, nor all the queue's.
    static constexpr std::size_t look_every = detail::stealing_parts<Options...>::gives_way_outside ? 16 : 8;
    static constexpr std::size_t batch = 128;

    /// A busy worker takes several at once, to be at the lock less often, but leaves its own items every other turn. In
    /// a deque they would go before what is there, and one thread has a queue that does not grow.
    [[nodiscard]] work* take_in() noexcept {
      if constexpr (detail::stealing_parts<Options...>::gives_way_outside || !Threading::concurrent) {
        return all_.injected().pop();
      } else {
        work_list more;
        work* const item = all_.injected().pop_some(look_every / 2 - 1, more);
        if (!more.empty()) {
          ring_.push_all(more);
          while (work* const rest = more.pop()) push(*rest);  // it grows
          moved_ = true;
        }
        return item;
      }
    }

    [[nodiscard]] work* steal_from(std::size_t victim) noexcept {
      work* first = nullptr;
      const std::size_t taken = all_.ring_of(victim).steal_into(ring_, first);
      if (taken == 0) return nullptr;
      stolen_ += taken;
      // Others may sleep whose question was answered by what this one has taken, so it asks for them.
      all_.children_of(victim).ask();
      return first;
    }

    /// Nothing is to be had: those who keep branches to themselves are asked for some.
    void ask_all() noexcept {
      for (std::size_t i = 0; i < all_.workers(); ++i) {
        if (i != index_) all_.children_of(i).ask();
      }
    }

    [[nodiscard]] std::size_t random() noexcept {  // xorshift32
      seed_ ^= seed_ << 13;
      seed_ ^= seed_ >> 17;
      seed_ ^= seed_ << 5;
      return seed_;
    }

    shared<Threading>& all_;
    typename shared<Threading>::ring& ring_;
    detail::child_stack& children_;
    std::size_t index_;
    std::size_t turn_ = 0;
    std::size_t looked_ = 0;  // the turn in which it took an injected item last
    std::size_t stolen_ = 0;
    bool moved_ = false;   // from the queue from outside into its own
    bool spills_ = false;  // the ring was full, and what did not fit has not all come back
    std::uint32_t seed_;
  };
};

/// With an option whose header is not included: not defined, so that a runtime says which header that is.
template <class... Options>
  requires(sizeof...(Options) != 0 && !(detail::complete<Options> && ...))
struct stealing<Options...>;

static_assert(policy_of<stealing<>, family::scheduling>);

}  // namespace tenon
