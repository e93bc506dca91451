// error: tenon::runtime<...>: two threading policies; keep single_thread or multi_thread
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::single_thread>;
#else
using made = tenon::runtime<tenon::single_thread, tenon::multi_thread>;
#endif
static_assert(sizeof(made*) != 0);
