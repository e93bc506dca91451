// error: tenon::runtime<...>: a queue policy lacks try_pop; give its of<T> std::optional<T> try_pop.. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#include <cstddef>
#include <optional>

template <bool Whole>
struct my_queue : tenon::family::queue {
  static constexpr auto word = tenon::fixed_string("my_queue");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = true;

  template <class T, class Threading = tenon::multi_thread>
  struct of {
    static constexpr std::size_t capacity = 1;
    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    bool try_push(T&&) noexcept { return false; }
    std::optional<T> try_pop() noexcept
      requires Whole
    {
      return std::nullopt;
    }
    std::size_t size_estimate() const noexcept { return 0; }
  };
};

#ifdef FIXED
using made = tenon::runtime<my_queue<true>>;
#else
using made = tenon::runtime<my_queue<false>>;
#endif
static_assert(sizeof(made*) != 0);
