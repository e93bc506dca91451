// error: tenon::runtime<...>: a scheduling policy lacks find; give its local tenon::work. find.. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/fifo.hpp>

template <bool Whole>
struct my_scheduling : tenon::fifo {
  static constexpr auto word = tenon::fixed_string("my_scheduling");

  template <class Threading>
  struct local : tenon::fifo::local<Threading> {
    using tenon::fifo::local<Threading>::local;
    tenon::work* find() noexcept
      requires Whole
    {
      return tenon::fifo::local<Threading>::find();
    }
  };
};

#ifdef FIXED
using made = tenon::runtime<my_scheduling<true>>;
#else
using made = tenon::runtime<my_scheduling<false>>;
#endif
static_assert(sizeof(made*) != 0);
