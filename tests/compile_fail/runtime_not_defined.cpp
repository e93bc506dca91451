// error: tenon::runtime<...>: an argument is declared but not defined; include the header
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct later;

#ifdef FIXED
using made = tenon::runtime<tenon::epoll>;
#else
using made = tenon::runtime<later>;
#endif
static_assert(sizeof(made*) != 0);
