// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>

#include <atomic>
#include <concepts>
#include <mutex>
#include <utility>

namespace tenon {

namespace detail {

/// std::atomic's face over a plain variable: what `single_thread` puts where `multi_thread` has an atomic.
template <class T>
class plain {
 public:
  plain() = default;
  constexpr explicit plain(T value) noexcept : value_(value) {}
  plain(const plain&) = delete;
  plain& operator=(const plain&) = delete;

  [[nodiscard]] T load(std::memory_order = std::memory_order_seq_cst) const noexcept { return value_; }
  void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept { value_ = value; }
  T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept { return std::exchange(value_, value); }
  T fetch_add(T by, std::memory_order = std::memory_order_seq_cst) noexcept {
    return std::exchange(value_, static_cast<T>(value_ + by));
  }
  T fetch_sub(T by, std::memory_order = std::memory_order_seq_cst) noexcept {
    return std::exchange(value_, static_cast<T>(value_ - by));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order = std::memory_order_seq_cst,
                               std::memory_order = std::memory_order_seq_cst) noexcept {
    if (value_ == expected) {
      value_ = desired;
      return true;
    }
    expected = value_;
    return false;
  }

 private:
  T value_{};
};

/// std::mutex's face with nothing inside.
struct no_mutex {
  void lock() noexcept {}
  bool try_lock() noexcept { return true; }
  void unlock() noexcept {}
};

}  // namespace detail

/// Workers are threads, and any thread may post. The default.
struct multi_thread : family::threading {
  static constexpr auto word = fixed_string("multi_thread");
  static constexpr bool concurrent = true;
  template <class T>
  using atomic = std::atomic<T>;
  using mutex = std::mutex;
};

/// One thread, the one that calls run(): nothing atomic is emitted, and a post from elsewhere does not compile.
struct single_thread : family::threading {
  static constexpr auto word = fixed_string("single_thread");
  static constexpr bool concurrent = false;
  template <class T>
  using atomic = detail::plain<T>;
  using mutex = detail::no_mutex;
};

/// Contract of the threading family: whether anything atomic exists, and what stands in its place.
template <class P>
concept threading_policy = policy_of<P, family::threading> && requires {
  { P::concurrent } -> std::convertible_to<bool>;
  typename P::template atomic<int>;
  typename P::mutex;
};

static_assert(threading_policy<multi_thread>);
static_assert(threading_policy<single_thread>);

}  // namespace tenon
