// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/queue/detail/ring.hpp>

#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace tenon {

/// A fixed ring behind a mutex: the plainest queue, and the one that the others are compared with.
///
///     using my_runtime = tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::locked<1000>>;
///
/// Shape    N slots inside the object, N * sizeof(T) bytes, and a mutex; no heap. N need not be a power of two.
/// Order    FIFO, in the order in which the mutex was taken.
/// Cost     try_push, try_pop, size_estimate: O(1) under the mutex; a thread preempted inside holds up the others.
///          try_push_some, try_pop_some: one lock for all.
/// Threads  Any thread pushes, any pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched. Empty: try_pop is nullopt. Neither is said when it was not
///          so. Nothing throws. A bad N, or a T that may throw, does not compile.
template <std::size_t N = 1024>
struct locked : family::queue {
  static_assert(N > 0, "tenon::locked<N>: N, the number of slots, must be at least 1");

  static constexpr auto word = fixed_string("locked<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = true;

  /// Invariant: ring_ is touched only by who holds mutex_, whose unlock -> lock edge orders all the rest.
  template <class T, class Threading = multi_thread>
  class of {
    static_assert(detail::queueable<T>,
                  "tenon::locked<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;

    [[nodiscard]] bool try_push(T&& item) noexcept {
      const std::lock_guard hold(mutex_);
      return ring_.try_push(std::move(item));
    }
    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      const std::lock_guard hold(mutex_);
      return ring_.try_pop();
    }
    [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept {
      const std::lock_guard hold(mutex_);
      return ring_.try_push_some(items);
    }
    [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
      requires std::is_nothrow_move_assignable_v<T>
    {
      const std::lock_guard hold(mutex_);
      return ring_.try_pop_some(into);
    }
    [[nodiscard]] std::size_t size_estimate() const noexcept {
      const std::lock_guard hold(mutex_);
      return ring_.size_estimate();
    }

   private:
    [[no_unique_address]] mutable typename Threading::mutex mutex_;
    detail::ring<T, N> ring_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<locked<>, family::queue>);

}  // namespace tenon
