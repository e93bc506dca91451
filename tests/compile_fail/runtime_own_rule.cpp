// error: my_errors: knows one thread only; add single_thread
// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/rules.hpp>
#include <tenon/runtime/runtime.hpp>

struct my_errors : tenon::family::errors {
  static constexpr auto word = tenon::fixed_string("my_errors");
  static constexpr bool rethrows = false;

  struct on_one_thread {
    template <class Composition>
    static constexpr bool holds = !Composition::threading::concurrent;
    template <class Composition>
    struct refusal {
      static_assert(holds<Composition>, "my_errors: knows one thread only; add single_thread");
    };
  };
  using rules = tenon::rules<on_one_thread>;
};

#ifdef FIXED
using made = tenon::runtime<my_errors, tenon::single_thread>;
#else
using made = tenon::runtime<my_errors>;
#endif
static_assert(sizeof(made*) != 0);
