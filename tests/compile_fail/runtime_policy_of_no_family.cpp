// error: tenon::runtime<...>: a policy names a family that no runtime has
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct wood {
  using family = wood;
};
struct walnut : wood {
  static constexpr auto word = tenon::fixed_string("walnut");
};
struct maple : tenon::propagate {
  static constexpr auto word = tenon::fixed_string("maple");
};

#ifdef FIXED
using made = tenon::runtime<maple>;
#else
using made = tenon::runtime<walnut>;
#endif
static_assert(sizeof(made*) != 0);
