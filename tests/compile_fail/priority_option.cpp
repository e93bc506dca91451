// error: tenon::priority<Levels, ...>: unknown option; priority takes ageing<K>, once
// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/priority.hpp>

#ifdef FIXED
using made = tenon::priority<3, tenon::ageing<8>>;
#else
using made = tenon::priority<3, int>;
#endif
static_assert(made::levels != 0);
