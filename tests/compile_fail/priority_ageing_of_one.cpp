// error: tenon::ageing<K>: with K below 2 the highest level would never go first; write ageing<16>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/priority.hpp>

#ifdef FIXED
using made = tenon::ageing<2>;
#else
using made = tenon::ageing<1>;
#endif
static_assert(made::every != 0);
