// error: tenon::runtime<...>: unbounded<> is declared but not defined; include <tenon/queue/unbounded.hpp>
// SPDX-License-Identifier: BSL-1.0
#ifdef FIXED
#include <tenon/queue/unbounded.hpp>
#endif
#include <tenon/runtime/runtime.hpp>

using made = tenon::runtime<tenon::fifo, tenon::unbounded<>>;
static_assert(sizeof(made*) != 0);
