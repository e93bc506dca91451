// error: tenon::runtime<...>: two clocks; keep one
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/presets.hpp>
#include <tenon/runtime/runtime.hpp>

struct torn : tenon::preset<tenon::steady, tenon::virtual_clock> {};
struct whole : tenon::preset<tenon::steady> {};

#ifdef FIXED
using made = tenon::runtime<whole>;
#else
using made = tenon::runtime<torn>;
#endif
static_assert(sizeof(made*) != 0);
