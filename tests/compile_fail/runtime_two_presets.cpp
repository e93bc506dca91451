// error: tenon::runtime<...>: two presets; keep one and name the policies that you want of the other
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/presets.hpp>
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::development>;
#else
using made = tenon::runtime<tenon::development, tenon::production>;
#endif
static_assert(sizeof(made*) != 0);
