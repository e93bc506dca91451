// error: tenon::priority<Levels>: there are 2 to 64 levels; for one level write stealing<>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/priority.hpp>

#ifdef FIXED
using made = tenon::priority<2>;
#else
using made = tenon::priority<1>;
#endif
static_assert(made::levels != 0);
