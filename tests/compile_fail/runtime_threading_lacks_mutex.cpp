// error: tenon::runtime<...>: a threading policy lacks mutex; give it a class mutex, as std::mutex
// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/threading.hpp>
#include <tenon/runtime/runtime.hpp>

struct my_threading : tenon::family::threading {
  static constexpr auto word = tenon::fixed_string("my_threading");
  static constexpr bool concurrent = true;
  template <class T>
  using atomic = tenon::multi_thread::atomic<T>;
};
struct whole_threading : my_threading {
  using mutex = tenon::multi_thread::mutex;
};

#ifdef FIXED
using made = tenon::runtime<whole_threading>;
#else
using made = tenon::runtime<my_threading>;
#endif
static_assert(sizeof(made*) != 0);
