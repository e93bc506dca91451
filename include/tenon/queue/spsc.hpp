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
/// Shape    N slots inside the object, N * sizeof(T) bytes and two cache lines; no heap.
/// Order    FIFO.
/// Cost     try_push, try_pop: O(1), wait-free: no read-modify-write, and the other side's line is read only when the
///          ring looks full, or empty. try_push_some, try_pop_some: one store for all.
/// Threads  One thread pushes and one pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched. Empty: try_pop is nullopt.
///          Nothing throws. A bad N, or a T that may throw, does not compile.
/// Source   L. Lamport, "Specifying Concurrent Program Modules", 1983; cached indices: J. Giacomoni et al.,
///          "FastForward for Efficient Pipeline Parallelism", 2008. Model: tests/model/spsc.cpp.
template <std::size_t N = 1024>
struct spsc : family::queue {
  static_assert(std::has_single_bit(N), "tenon::spsc<N>: N, the number of slots, must be a power of two");

  static constexpr auto word = fixed_string("spsc<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = false;
  static constexpr bool many_consumers = false;
  static constexpr bool bounded = true;

  /// Let h and t be the values of head_ and tail_, counts that only grow; slot(i) is slots_[i mod N]. Invariants:
  ///   (1) h <= t <= h + N, and an element is alive in slot(i) iff h <= i < t;
  ///   (2) only the consumer writes h and tail_seen_, only the producer t and head_seen_;
  ///   (3) head_seen_ <= h and tail_seen_ <= t: a seen index is an old value of the real one. So a producer that finds
  ///       t - head_seen_ < N has room, a consumer that finds tail_seen_ > h has an element, and only one that does not
  ///       must look at the real index.
  /// Edges    tail_.store(release) -> tail_.load(acquire): the element made in slot(t) is seen by the consumer.
  ///          head_.store(release) -> head_.load(acquire): the element was moved out of slot(h) and destroyed before
  ///          the producer makes the next one there.
  ///          Each side's load of its own index is relaxed: nobody else writes it.
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
      if (t - head_seen_ == N) {
        head_seen_ = head_.load(std::memory_order_acquire);
        if (t - head_seen_ == N) return false;
      }
      slots_[t & (N - 1)].put(std::move(item));
      tail_.store(t + 1, std::memory_order_release);
      return true;
    }

    [[nodiscard]] std::optional<T> try_pop() noexcept {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      if (h == tail_seen_) {
        tail_seen_ = tail_.load(std::memory_order_acquire);
        if (h == tail_seen_) return std::nullopt;
      }
      std::optional<T> item = slots_[h & (N - 1)].take();
      head_.store(h + 1, std::memory_order_release);
      return item;
    }

    [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept {
      const std::size_t t = tail_.load(std::memory_order_relaxed);
      if (N - (t - head_seen_) < items.size()) head_seen_ = head_.load(std::memory_order_acquire);
      const std::size_t room = N - (t - head_seen_);
      const std::size_t n = room < items.size() ? room : items.size();
      for (std::size_t i = 0; i < n; ++i) slots_[(t + i) & (N - 1)].put(std::move(items[i]));
      tail_.store(t + n, std::memory_order_release);
      return n;
    }

    [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
      requires std::is_nothrow_move_assignable_v<T>
    {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      if (tail_seen_ - h < into.size()) tail_seen_ = tail_.load(std::memory_order_acquire);
      const std::size_t there = tail_seen_ - h;
      const std::size_t n = there < into.size() ? there : into.size();
      for (std::size_t i = 0; i < n; ++i) into[i] = *slots_[(h + i) & (N - 1)].take();
      head_.store(h + n, std::memory_order_release);
      return n;
    }

    [[nodiscard]] std::size_t size_estimate() const noexcept {
      const std::size_t h = head_.load(std::memory_order_acquire);  // before t, so that t >= h
      const std::size_t there = tail_.load(std::memory_order_acquire) - h;
      return there < N ? there : N;
    }

   private:
    alignas(cache_line) typename Threading::template atomic<std::size_t> head_{0};
    std::size_t tail_seen_ = 0;  // the consumer's
    alignas(cache_line) typename Threading::template atomic<std::size_t> tail_{0};
    std::size_t head_seen_ = 0;  // the producer's
    alignas(cache_line) std::array<detail::slot<T, Threading>, N> slots_;
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
