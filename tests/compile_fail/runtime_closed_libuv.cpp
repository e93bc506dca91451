// error: tenon::runtime<...>: libuv is declared but its door is closed; define TENON_WITH_LIBUV=1 and link libuv .CMake: tenon::libuv.
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::fifo>;
#else
using made = tenon::runtime<tenon::libuv, tenon::fifo>;
#endif
static_assert(sizeof(made*) != 0);
