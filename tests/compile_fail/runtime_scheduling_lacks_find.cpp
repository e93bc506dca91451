// error: tenon::runtime<...>: a scheduling policy lacks find; give its local tenon::work. find.. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

template <bool Whole>
struct my_scheduling : tenon::family::scheduling {
  static constexpr auto word = tenon::fixed_string("my_scheduling");
  static constexpr bool shares = tenon::fifo::shares;

  template <class Threading>
  using shared = tenon::fifo::shared<Threading>;
  template <class Threading>
  struct local : tenon::fifo::local<Threading> {
    using tenon::fifo::local<Threading>::local;
    tenon::work* find() noexcept
      requires Whole
    {
      return nullptr;
    }
  };
};

#ifdef FIXED
using made = tenon::runtime<my_scheduling<true>>;
#else
using made = tenon::runtime<my_scheduling<false>>;
#endif
static_assert(sizeof(made*) != 0);
