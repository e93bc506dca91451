// error: tenon::stealing<...>: with single_thread there is no other worker to steal from; write fifo or affinity<>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::fifo, tenon::single_thread>;
#else
using made = tenon::runtime<tenon::stealing<>, tenon::single_thread>;
#endif
static_assert(sizeof(made*) != 0);
