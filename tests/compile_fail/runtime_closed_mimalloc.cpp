// error: tenon::runtime<...>: mimalloc is declared but its door is closed; define TENON_WITH_MIMALLOC=1 and link mimalloc .CMake: tenon::mimalloc.
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::fifo>;
#else
using made = tenon::runtime<tenon::mimalloc, tenon::fifo>;
#endif
static_assert(sizeof(made*) != 0);
