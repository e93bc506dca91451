// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/fwd.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/queue/detail/lost_race.hpp>
#include <tenon/queue/detail/segment.hpp>

#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>

namespace tenon {

/// A queue that is never full, between many producers and many consumers.
///
///     using my_runtime = tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::unbounded<>>;
///
/// Shape    Segments of `Segment` (256) slots, each a T and a number; the first lies inside the object, the others on
///          the heap.
///          A segment that has been emptied is used again. There are never more than hold the most items that there
///          were at once, and two, and one for each consumer that stops inside a pop. None is freed before the queue.
/// Order    FIFO by ticket: thus FIFO for each producer.
/// Cost     try_push, try_pop: O(1) unless they lose a race: one CAS, and for a pop one more read-modify-write. One
///          push in `Segment` fetches a segment and one pop gives one back, under a mutex; it allocates when there is
///          none. Between these it is as lock-free as mpmc: a thread that stops in the middle of a push hides the items
///          behind its own, and holds up no producer.
/// Threads  Any thread pushes, any pops, at once. Construct and destroy from one thread alone.
/// Errors   No memory: try_push is false, its argument untouched; never when the queue is empty and no pop under way.
///          Empty: try_pop is nullopt; also while the push of the oldest item is still under way.
///          Nothing throws. A bad Segment, or a T that may throw, does not compile.
/// Source   The tickets and numbers of D. Vyukov, "Bounded MPMC queue", 1024cores.net, in segments that stay segments,
///          which is what makes a look through an old pointer harmless. Model: tests/model/unbounded.cpp.
template <std::size_t Segment>
struct unbounded : family::queue {
  static_assert(std::has_single_bit(Segment) && Segment > 1,
                "tenon::unbounded<Segment>: Segment, the number of slots that are allocated at once, must be a power "
                "of two and at least 2");

  static constexpr auto word = fixed_string("unbounded<") + detail::decimal<Segment> + fixed_string(">");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = false;

  /// Let h and t be the values of head_ and tail_, counts that only grow; ticket i belongs into the segment that begins
  /// at i - i mod S (S for Segment), there into slot i mod S, whose number says whose turn it is:
  ///   number == i          the slot is empty, and is for the producer with ticket i;
  ///   number == i + 1      it holds element i, or did: it is for the consumer with ticket i, if h <= i.
  /// Invariants:
  ///   (1) tickets are given once: t goes from i to i + 1 by one CAS, and so does h; they never come again;
  ///   (2) a number only grows, also when its segment is used again, and in place i mod S only one slot ever has the
  ///       number i, or i + 1 (S > 1: in that place i + 1 is no ticket). So whoever reads one of them there, be it
  ///       through an old pointer, reads it in the slot of ticket i;
  ///   (3) t is moved past i only by one that read number == i, and then nobody else fills that slot; h is moved past i
  ///       only by one that read number == i + 1, and then nobody else empties it, and its segment is not used again
  ///       before it has (detail::segment_chain);
  ///   (4) a number read as older than wanted: the segment of the ticket was not yet there, or not yet known to us. One
  ///       that is newer means that the ticket has been taken.
  /// "Empty" is said when number == h, so that ticket h was not filled at that instant and none after it taken out; or
  /// when h has no segment. In both cases every push that happened before the pop has a ticket before h.
  ///
  /// Edges    A  fill: number.store(release) -> number.load(acquire): the element is seen by the consumer.
  ///          B  leave (acq_rel), the mutex, assign's number.store(release) -> number.load(acquire): the element is
  ///             gone before the next is made.
  ///          The CAS of a ticket is relaxed: it decides who, not what is seen.
  template <class T, class Threading = multi_thread>
  class of {
    static_assert(detail::queueable<T>,
                  "tenon::unbounded<Segment>::of<T>: moving and destroying T must not throw; queue a "
                  "std::unique_ptr<T>");

   public:
    static constexpr std::size_t capacity = static_cast<std::size_t>(-1);

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    ~of() {
      while (try_pop()) {
      }
    }

    [[nodiscard]] bool try_push(T&& item) noexcept {
      for (detail::lost_race lost;; lost.give_way()) {
        std::size_t t = tail_.load(std::memory_order_relaxed);
        auto& slot = chain_.tail()->at(t);
        const std::ptrdiff_t ahead = distance(slot.number.load(std::memory_order_acquire), t);  // edge B
        if (ahead == 0) {
          if (tail_.compare_exchange_strong(t, t + 1, std::memory_order_relaxed, std::memory_order_relaxed)) {
            slot.element.put(std::move(item));
            slot.number.store(t + 1, std::memory_order_release);  // edge A
            return true;
          }
        } else if (ahead < 0 && !chain_.grow(t)) {
          return false;
        }
      }
    }

    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      for (detail::lost_race lost;; lost.give_way()) {
        std::size_t h = head_.load(std::memory_order_relaxed);
        auto* const segment = chain_.head();
        auto& slot = segment->at(h);
        const std::ptrdiff_t ahead = distance(slot.number.load(std::memory_order_acquire), h + 1);  // edge A
        if (ahead == 0) {
          if (head_.compare_exchange_strong(h, h + 1, std::memory_order_relaxed, std::memory_order_relaxed)) {
            std::optional<T> item = slot.element.take();
            chain_.leave(*segment);  // edge B
            return item;
          }
        } else if (ahead == -1) {
          return std::nullopt;
        } else if (ahead < 0) {
          if (distance(chain_.end(), h) <= 0) return std::nullopt;
          chain_.advance(h);
        }
      }
    }

    [[nodiscard]] std::size_t size_estimate() const noexcept {
      const std::ptrdiff_t there =
          distance(tail_.load(std::memory_order_relaxed), head_.load(std::memory_order_relaxed));
      return there > 0 ? static_cast<std::size_t>(there) : 0;
    }

   private:
    [[nodiscard]] static std::ptrdiff_t distance(std::size_t to, std::size_t from) noexcept {
      return static_cast<std::ptrdiff_t>(to - from);
    }

    alignas(cache_line) typename Threading::template atomic<std::size_t> tail_{0};
    alignas(cache_line) typename Threading::template atomic<std::size_t> head_{0};
    detail::segment_chain<T, Threading, Segment> chain_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<unbounded<>, family::queue>);

}  // namespace tenon
