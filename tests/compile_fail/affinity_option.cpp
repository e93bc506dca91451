// error: tenon::affinity<...>: unknown option; affinity takes overflowing<N>, once
// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/affinity.hpp>

#ifdef FIXED
using made = tenon::affinity<tenon::overflowing<8>>;
#else
using made = tenon::affinity<int>;
#endif
static_assert(!made::shares);
