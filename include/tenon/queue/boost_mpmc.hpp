// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/fwd.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/queue/detail/lockfree.hpp>
#include <tenon/queue/detail/ring.hpp>

#include <atomic>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace tenon {

/// boost::lockfree::queue with its nodes in an array: many producers and many consumers, and lock-free to the letter.
/// Not in tenon.hpp, for its header takes half a second to compile; nothing is linked.
///
///     using my_runtime = tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::boost_mpmc<4096>>;
///
/// Shape    N + 1 nodes inside the object, each a cache line at least; no heap. N (1024) is at most 65,534.
/// Order    FIFO by the instant at which a node is linked: thus FIFO for each producer.
/// Cost     try_push, try_pop: O(1) unless they lose a race: three CAS for a push and two for a pop, of which one
///          each is the list of free nodes', and an addition for the count. A thread that stops anywhere holds
///          up nobody, which `mpmc` cannot say; it is several times slower for that.
/// Threads  Any thread pushes, any pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched; also while the pop of an item is still under way.
///          Empty: try_pop is nullopt.
///          Nothing throws. A bad N, or a T that it cannot hold, does not compile: a pop copies the element before it
///          knows that it is its own. By the letter that is a data race, which ThreadSanitizer reports.
/// Source   M. Michael, M. Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent Queue Algorithms",
///          1996; T. Blechmann, Boost.Lockfree.
template <std::size_t N>
struct boost_mpmc : family::queue {
  static_assert(N > 0 && N < 65535,
                "tenon::boost_mpmc<N>: N, the number of nodes, must lie between 1 and 65534, for Boost counts them in "
                "16 bits");

  static constexpr auto word = fixed_string("boost_mpmc<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = true;

  template <class T>
  static constexpr bool holds = detail::queueable<T> && std::is_trivially_copyable_v<T> &&
                                std::is_trivially_copy_assignable_v<T> && std::is_nothrow_default_constructible_v<T>;

  template <class T, class Threading = multi_thread>
  class of {
    static_assert(
        holds<T>,
        "tenon::boost_mpmc<N>::of<T>: Boost copies elements over one another, so T must be trivially copyable "
        "and have a default constructor that does not throw; queue a pointer, or write mpmc<N>, which moves");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    ~of() = default;

    [[nodiscard]] bool try_push(T&& item) noexcept {
      if (!queue_.bounded_push(item)) return false;
      count_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }

    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      T item;
      if (!queue_.pop(item)) return std::nullopt;
      count_.fetch_sub(1, std::memory_order_relaxed);
      return item;
    }

    /// Items are counted after they have gone in or out, so that the count may be off by those under way.
    [[nodiscard]] std::size_t size_estimate() const noexcept {
      const std::ptrdiff_t there = count_.load(std::memory_order_relaxed);
      if (there <= 0) return 0;
      return static_cast<std::size_t>(there) < N ? static_cast<std::size_t>(there) : N;
    }

   private:
    detail::lockfree_mpmc<T, N> queue_;
    alignas(cache_line) typename Threading::template atomic<std::ptrdiff_t> count_{0};
  };

  template <class T>
  class of<T, single_thread> : public detail::ring<T, N> {
    static_assert(
        holds<T>,
        "tenon::boost_mpmc<N>::of<T>: Boost copies elements over one another, so T must be trivially copyable "
        "and have a default constructor that does not throw; queue a pointer, or write mpmc<N>, which moves");
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<boost_mpmc<>, family::queue>);

}  // namespace tenon
