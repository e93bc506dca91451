// error: tenon::lifo_slot<K>: K, how often in a row the slot goes first, must be 1 at least; leave it out
// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/lifo_slot.hpp>

#ifdef FIXED
using made = tenon::lifo_slot<1>;
#else
using made = tenon::lifo_slot<0>;
#endif
static_assert(made::in_a_row < 2);
