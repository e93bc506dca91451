// error: tenon::runtime<...>: an argument is not a policy; derive it, publicly
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

class quiet : tenon::off {};
struct loud : tenon::off {};

#ifdef FIXED
using made = tenon::runtime<loud>;
#else
using made = tenon::runtime<quiet>;
#endif
static_assert(sizeof(made*) != 0);
