// error: tenon::runtime<...>: a policy has no word, its name in a sentence
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct mute : tenon::family::errors {
  static constexpr bool rethrows = true;
};
struct named : tenon::family::errors {
  static constexpr auto word = tenon::fixed_string("named");
  static constexpr bool rethrows = true;
};

#ifdef FIXED
using made = tenon::runtime<named>;
#else
using made = tenon::runtime<mute>;
#endif
static_assert(sizeof(made*) != 0);
