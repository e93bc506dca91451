// error: tenon::runtime<...>: an argument is not a policy; derive it, publicly, from the one family
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct both : tenon::propagate, tenon::family::observe {
  static constexpr auto word = tenon::fixed_string("both");
};
struct one : tenon::propagate {
  static constexpr auto word = tenon::fixed_string("one");
};

#ifdef FIXED
using made = tenon::runtime<one>;
#else
using made = tenon::runtime<both>;
#endif
static_assert(sizeof(made*) != 0);
