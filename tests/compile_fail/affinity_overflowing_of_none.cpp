// error: tenon::overflowing<N>: N, how many may wait before a new task goes elsewhere, must be 1 at least
// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/affinity.hpp>

#ifdef FIXED
using made = tenon::overflowing<1>;
#else
using made = tenon::overflowing<0>;
#endif
static_assert(made::at < 2);
