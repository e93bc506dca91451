// error: tenon::runtime<...>: a clock lacks source; give it a class source, one a runtime
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct stopped : tenon::family::clock {
  static constexpr auto word = tenon::fixed_string("stopped");
};
struct running : tenon::family::clock {
  static constexpr auto word = tenon::fixed_string("running");
  using source = tenon::steady::source;
};

#ifdef FIXED
using made = tenon::runtime<running>;
#else
using made = tenon::runtime<stopped>;
#endif
static_assert(sizeof(made*) != 0);
