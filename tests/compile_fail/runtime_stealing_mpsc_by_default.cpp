// error: tenon::stealing<...>: a thief is a second consumer, and the queue allows only one
// SPDX-License-Identifier: BSL-1.0
#include <tenon/queue/mpsc.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/affinity.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::mpsc<64>, tenon::affinity<>>;
#else
using made = tenon::runtime<tenon::mpsc<64>>;
#endif
static_assert(sizeof(made*) != 0);
