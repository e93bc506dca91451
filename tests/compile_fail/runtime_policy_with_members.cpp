// error: tenon::runtime<...>: a policy has data members, and nobody makes an object of it
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct stateful : tenon::propagate {
  int count = 0;
};
struct stateless : tenon::propagate {};

#ifdef FIXED
using made = tenon::runtime<stateless>;
#else
using made = tenon::runtime<stateful>;
#endif
static_assert(sizeof(made*) != 0);
