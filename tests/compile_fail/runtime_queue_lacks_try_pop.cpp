// error: tenon::runtime<...>: a queue policy lacks try_pop; give its of<T> std::optional<T> try_pop.. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/queue/mpmc.hpp>
#include <tenon/runtime/runtime.hpp>

#include <optional>

template <bool Whole>
struct my_queue : tenon::mpmc<64> {
  static constexpr auto word = tenon::fixed_string("my_queue");

  template <class T, class Threading = tenon::multi_thread>
  struct of : tenon::mpmc<64>::of<T, Threading> {
    std::optional<T> try_pop() noexcept
      requires Whole
    {
      return tenon::mpmc<64>::of<T, Threading>::try_pop();
    }
  };
};

#ifdef FIXED
using made = tenon::runtime<my_queue<true>>;
#else
using made = tenon::runtime<my_queue<false>>;
#endif
static_assert(sizeof(made*) != 0);
