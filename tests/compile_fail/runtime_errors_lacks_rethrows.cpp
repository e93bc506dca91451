// error: tenon::runtime<...>: an errors policy lacks rethrows; give it static constexpr bool rethrows
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct forgetful : tenon::family::errors {
  static constexpr auto word = tenon::fixed_string("forgetful");
};
struct mindful : tenon::family::errors {
  static constexpr auto word = tenon::fixed_string("mindful");
  static constexpr bool rethrows = true;
};

#ifdef FIXED
using made = tenon::runtime<mindful>;
#else
using made = tenon::runtime<forgetful>;
#endif
static_assert(sizeof(made*) != 0);
