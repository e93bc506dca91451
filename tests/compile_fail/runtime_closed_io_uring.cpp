// error: tenon::runtime<...>: io_uring<> is declared but its door is closed; define TENON_WITH_IO_URING=1 and link liburing .CMake: tenon::io_uring.
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::fifo>;
#else
using made = tenon::runtime<tenon::io_uring<>, tenon::fifo>;
#endif
static_assert(sizeof(made*) != 0);
