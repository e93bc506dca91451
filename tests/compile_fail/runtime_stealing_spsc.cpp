// error: tenon::stealing<...>: a thief is a second consumer, and the queue allows only one
// SPDX-License-Identifier: BSL-1.0
#include <tenon/queue/mpmc.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::stealing<>, tenon::mpmc<4096>>;
#else
using made = tenon::runtime<tenon::stealing<>, tenon::spsc<4096>>;
#endif
static_assert(sizeof(made*) != 0);
