// error: tenon::virtual_clock: time may jump only when nothing can run, .*; add single_thread, or write steady
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::virtual_clock, tenon::single_thread>;
#else
using made = tenon::runtime<tenon::virtual_clock>;
#endif
static_assert(sizeof(made*) != 0);
