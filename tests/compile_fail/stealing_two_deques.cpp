// error: tenon::stealing<...>: unknown option; stealing takes chase_lev or split, and lifo_slot<K>, each once
// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/chase_lev.hpp>
#include <tenon/scheduler/split.hpp>

#ifdef FIXED
using made = tenon::stealing<tenon::chase_lev>;
#else
using made = tenon::stealing<tenon::chase_lev, tenon::split>;
#endif
static_assert(made::shares);
