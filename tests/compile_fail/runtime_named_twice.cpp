// error: tenon::runtime<...>: a policy is named twice; name it once
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::epoll, tenon::fifo>;
#else
using made = tenon::runtime<tenon::epoll, tenon::fifo, tenon::epoll>;
#endif
static_assert(sizeof(made*) != 0);
