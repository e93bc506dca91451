// error: tenon::runtime<...>: a preset names another preset; name that one.s policies instead
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/presets.hpp>
#include <tenon/runtime/runtime.hpp>

struct nested : tenon::preset<tenon::production, tenon::fifo> {};
struct flat : tenon::preset<tenon::fifo> {};

#ifdef FIXED
using made = tenon::runtime<flat>;
#else
using made = tenon::runtime<nested>;
#endif
static_assert(sizeof(made*) != 0);
