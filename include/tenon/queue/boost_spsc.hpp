// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/fwd.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/queue/detail/lockfree.hpp>
#include <tenon/queue/detail/ring.hpp>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace tenon {

/// boost::lockfree::spsc_queue: a fixed ring between one producer and one consumer. Not in tenon.hpp, for its header
/// takes half a second to compile; nothing is linked.
///
///     using my_runtime = tenon::runtime<tenon::epoll, tenon::affinity<>, tenon::boost_spsc<4096>>;
///
/// Shape    N + 1 slots inside the object and two cache lines; no heap. N (1024) need not be a power of two.
/// Order    FIFO.
/// Cost     try_push, try_pop: O(1), wait-free: no read-modify-write, but the other side's line is read at each, which
///          `spsc` does not.
/// Threads  One thread pushes and one pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched. Empty: try_pop is nullopt.
///          Nothing throws. An N of 0, or a T that it cannot hold, does not compile: elements are copied in.
/// Source   T. Blechmann, Boost.Lockfree.
template <std::size_t N>
struct boost_spsc : family::queue {
  static_assert(N > 0, "tenon::boost_spsc<N>: N, the number of slots, must be at least 1");

  static constexpr auto word = fixed_string("boost_spsc<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = false;
  static constexpr bool many_consumers = false;
  static constexpr bool bounded = true;

  template <class T>
  static constexpr bool holds = detail::queueable<T> && std::is_nothrow_copy_constructible_v<T>;

  template <class T, class Threading = multi_thread>
  class of {
    static_assert(holds<T>,
                  "tenon::boost_spsc<N>::of<T>: Boost copies what is pushed, so T must be copied and destroyed without "
                  "throwing; queue a pointer, or write spsc<N>, which moves");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    ~of() {
      while (try_pop()) {
      }
    }

    [[nodiscard]] bool try_push(T&& item) noexcept { return queue_.push(item); }

    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      if (queue_.read_available() == 0) return std::nullopt;
      std::optional<T> item(std::move(queue_.front()));
      (void)queue_.pop();
      return item;
    }

    /// Its two indices are read one after the other, and each lies in 0 .. N.
    [[nodiscard]] std::size_t size_estimate() const noexcept { return queue_.read_available(); }

   private:
    detail::lockfree_spsc<T, N> queue_;
  };

  template <class T>
  class of<T, single_thread> : public detail::ring<T, N> {
    static_assert(holds<T>,
                  "tenon::boost_spsc<N>::of<T>: Boost copies what is pushed, so T must be copied and destroyed without "
                  "throwing; queue a pointer, or write spsc<N>, which moves");
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<boost_spsc<>, family::queue>);

}  // namespace tenon
