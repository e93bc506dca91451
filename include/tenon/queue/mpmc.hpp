// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/queue/detail/lost_race.hpp>
#include <tenon/queue/detail/numbered_ring.hpp>
#include <tenon/queue/detail/ring.hpp>

#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace tenon {

/// A fixed ring between many producers and many consumers.
///
///     using my_runtime = tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::mpmc<4096>>;
///
/// Shape    N slots inside the object, each a T and a number; two cache lines; no heap.
/// Order    FIFO by ticket: thus FIFO for each producer.
/// Cost     try_push, try_pop: O(1) unless they lose a race: one CAS. Producers touch one line of counts, consumers
///          another; neither reads the other's. Lock-free but for this: a thread that stops between its ticket and its
///          slot's number holds up those who come round to that very slot.
///          try_push_some, try_pop_some: one CAS for all.
/// Threads  Any thread pushes, any pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched; also while the pop of the oldest item is still under way.
///          Empty: try_pop is nullopt; also while the push of the oldest item is still under way.
///          Nothing throws. A bad N, or a T that may throw, does not compile.
/// Source   D. Vyukov, "Bounded MPMC queue", 1024cores.net. Model: tests/model/mpmc.cpp.
template <std::size_t N = 1024>
struct mpmc : family::queue {
  static_assert(std::has_single_bit(N) && N > 1,
                "tenon::mpmc<N>: N, the number of slots, must be a power of two and at least 2");

  static constexpr auto word = fixed_string("mpmc<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = true;

  /// The producers' half, and what the numbers mean, is in detail::numbered_ring. The consumers' half mirrors it:
  /// head_ hands out the tickets, and who holds ticket h may empty slot(h), which is numbered h + 1 by then.
  ///
  /// Edges    A  fill: number.store(release) -> number.load(acquire): the element is seen by the consumer.
  ///          B  empty: number.store(release) -> number.load(acquire): the element is gone before the next is made.
  ///          The CAS of a ticket is relaxed: it decides who, not what is seen.
  template <class T, class Threading = multi_thread>
  class of : detail::numbered_ring<T, Threading, N> {
    static_assert(detail::queueable<T>,
                  "tenon::mpmc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    ~of() {
      while (try_pop()) {
      }
    }

    [[nodiscard]] bool try_push(T&& item) noexcept { return this->fill_next(std::move(item)); }

    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      for (detail::lost_race lost;; lost.give_way()) {
        std::size_t h = head_.load(std::memory_order_relaxed);
        const std::ptrdiff_t ahead = this->ahead(h, h + 1);  // edge A
        if (ahead < 0) return std::nullopt;
        // Ahead: another consumer has been here, and h is old.
        if (ahead == 0 &&
            head_.compare_exchange_strong(h, h + 1, std::memory_order_relaxed, std::memory_order_relaxed)) {
          return this->empty(h);  // edge B
        }
      }
    }

    [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept { return this->fill_some(items); }

    [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
      requires std::is_nothrow_move_assignable_v<T>
    {
      for (detail::lost_race lost;; lost.give_way()) {
        std::size_t h = head_.load(std::memory_order_relaxed);
        const std::size_t n = this->in_turn(h, h + 1, into.size());  // edge A
        if (n == 0) {
          if (into.empty() || this->ahead(h, h + 1) < 0) return 0;
        } else if (head_.compare_exchange_strong(h, h + n, std::memory_order_relaxed, std::memory_order_relaxed)) {
          this->empty_into(h, into.first(n));  // edge B
          return n;
        }
      }
    }

    [[nodiscard]] std::size_t size_estimate() const noexcept {
      return this->filled_since(head_.load(std::memory_order_relaxed));
    }

   private:
    alignas(cache_line) typename Threading::template atomic<std::size_t> head_{0};
  };

  template <class T>
  class of<T, single_thread> : public detail::ring<T, N> {
    static_assert(detail::queueable<T>,
                  "tenon::mpmc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<mpmc<>, family::queue>);

}  // namespace tenon
