// error: tenon::stealing<...>: unknown option; stealing takes chase_lev or split, and lifo_slot<K>, each once
// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/lifo_slot.hpp>

#ifdef FIXED
using made = tenon::stealing<tenon::lifo_slot<2>>;
#else
using made = tenon::stealing<tenon::lifo_slot<2>, int>;
#endif
static_assert(made::shares);
