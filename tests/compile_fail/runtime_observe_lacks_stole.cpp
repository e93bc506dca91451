// error: tenon::runtime<...>: an observe policy lacks stole; give its of<Threading> void stole.std::size_t. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/counters.hpp>
#include <tenon/runtime/runtime.hpp>

#include <cstddef>

template <bool Whole>
struct my_observe : tenon::counters {
  static constexpr auto word = tenon::fixed_string("my_observe");

  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void stole(std::size_t items) noexcept
      requires Whole
    {
      tenon::counters::of<Threading>::stole(items);
    }
  };
};

#ifdef FIXED
using made = tenon::runtime<my_observe<true>>;
#else
using made = tenon::runtime<my_observe<false>>;
#endif
static_assert(sizeof(made*) != 0);
