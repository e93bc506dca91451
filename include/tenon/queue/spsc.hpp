// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/queue/detail/ring.hpp>
#include <tenon/queue/detail/slot.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace tenon {

/// A fixed ring between one producer and one consumer.
///
///     using my_runtime = tenon::runtime<tenon::io_uring<>, tenon::affinity<>, tenon::spsc<4096>>;
///
/// Shape    N slots inside the object, each a T and a flag, and two cache lines; no heap.
/// Order    FIFO.
/// Cost     try_push, try_pop: O(1), wait-free: a load and two stores, no read-modify-write. The two sides meet in the
///          line of a slot and nowhere else.
/// Threads  One thread pushes and one pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched. Empty: try_pop is nullopt.
///          Nothing throws. A bad N, or a T that may throw, does not compile.
/// Source   J. Giacomoni et al., "FastForward for Efficient Pipeline Parallelism", 2008. Model: tests/model/spsc.cpp.
template <std::size_t N = 1024>
struct spsc : family::queue {
  static_assert(std::has_single_bit(N), "tenon::spsc<N>: N, the number of slots, must be a power of two");

  static constexpr auto word = fixed_string("spsc<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = false;
  static constexpr bool many_consumers = false;
  static constexpr bool bounded = true;

  /// Let h and t be the values of head_ and tail_, counts that only grow; slot(i) is slots_[i mod N], and its flag says
  /// whether it holds an element. Invariants, but for a side in the middle of its step:
  ///   (1) h <= t <= h + N, and an element is alive in slot(i), its flag up, iff h <= i < t;
  ///   (2) only the consumer writes h and takes flags down, only the producer writes t and puts flags up;
  ///   (3) so the flag of slot(t) is the producer's own when it is down (t < h + N: there is room), and that of slot(h)
  ///       the consumer's when it is up (h < t: there is an element): what a side finds there stays so.
  /// Neither side reads the other's count: h and t are atomic for size_estimate alone.
  ///
  /// Edges    A  flag up (release) -> flag.load(acquire): the element made in the slot is seen by the consumer.
  ///          B  flag down (release) -> flag.load(acquire): the element was moved out and destroyed before the producer
  ///             makes the next one there.
  template <class T, class Threading = multi_thread>
  class of {
    static_assert(detail::queueable<T>,
                  "tenon::spsc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    ~of() {
      while (try_pop()) {
      }
    }

    [[nodiscard]] bool try_push(T&& item) noexcept {
      const std::size_t t = tail_.load(std::memory_order_relaxed);
      if (!fill(t, item)) return false;
      tail_.store(t + 1, std::memory_order_relaxed);
      return true;
    }

    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      flagged& from = at(h);
      if (!from.full.load(std::memory_order_acquire)) return std::nullopt;  // edge A
      std::optional<T> item = from.element.take();
      from.full.store(false, std::memory_order_release);  // edge B
      head_.store(h + 1, std::memory_order_relaxed);
      return item;
    }

    [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept {
      const std::size_t t = tail_.load(std::memory_order_relaxed);
      std::size_t n = 0;
      while (n < items.size() && fill(t + n, items[n])) ++n;
      tail_.store(t + n, std::memory_order_relaxed);
      return n;
    }

    [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
      requires std::is_nothrow_move_assignable_v<T>
    {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      std::size_t n = 0;
      for (; n < into.size(); ++n) {
        flagged& from = at(h + n);
        if (!from.full.load(std::memory_order_acquire)) break;  // edge A
        into[n] = *from.element.take();
        from.full.store(false, std::memory_order_release);  // edge B
      }
      head_.store(h + n, std::memory_order_relaxed);
      return n;
    }

    /// The counts are read one after the other, and each is written after its slot.
    [[nodiscard]] std::size_t size_estimate() const noexcept {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      const auto there = static_cast<std::ptrdiff_t>(tail_.load(std::memory_order_relaxed) - h);
      if (there <= 0) return 0;
      return static_cast<std::size_t>(there) < N ? static_cast<std::size_t>(there) : N;
    }

   private:
    struct flagged {
      detail::slot<T, Threading> element;
      typename Threading::template atomic<bool> full{false};
    };

    [[nodiscard]] flagged& at(std::size_t i) noexcept { return slots_[i & (N - 1)]; }
    [[nodiscard]] bool fill(std::size_t i, T& item) noexcept {
      flagged& to = at(i);
      if (to.full.load(std::memory_order_acquire)) return false;  // edge B
      to.element.put(std::move(item));
      to.full.store(true, std::memory_order_release);  // edge A
      return true;
    }

    alignas(cache_line) typename Threading::template atomic<std::size_t> head_{0};  // the consumer's
    alignas(cache_line) typename Threading::template atomic<std::size_t> tail_{0};  // the producer's
    alignas(cache_line) std::array<flagged, N> slots_;
  };

  template <class T>
  class of<T, single_thread> : public detail::ring<T, N> {
    static_assert(detail::queueable<T>,
                  "tenon::spsc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<spsc<>, family::queue>);

}  // namespace tenon
