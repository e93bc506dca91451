// error: tenon::runtime<...>: a backend lacks cancel; give its loop void cancel.tenon::io_operation&. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>

template <bool Whole>
struct my_backend : tenon::none {
  static constexpr auto word = tenon::fixed_string("my_backend");

  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    void cancel(tenon::io_operation& op) noexcept
      requires Whole
    {
      tenon::none::loop<Threading>::cancel(op);
    }
  };
};

#ifdef FIXED
using made = tenon::runtime<my_backend<true>>;
#else
using made = tenon::runtime<my_backend<false>>;
#endif
static_assert(sizeof(made*) != 0);
