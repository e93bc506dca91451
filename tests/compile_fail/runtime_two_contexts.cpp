// error: tenon::runtime<...>: two contexts; keep one and name all slots in it
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::context<int, long>>;
#else
using made = tenon::runtime<tenon::context<int>, tenon::context<long>>;
#endif
static_assert(sizeof(made*) != 0);
