// error: tenon::runtime<...>: hwloc is declared but its door is closed; define TENON_WITH_HWLOC=1 and link hwloc .CMake: tenon::hwloc.
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::fifo>;
#else
using made = tenon::runtime<tenon::hwloc, tenon::fifo>;
#endif
static_assert(sizeof(made*) != 0);
