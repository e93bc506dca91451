// error: tenon::runtime<...>: two backends; keep one
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/poll.hpp>
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::poll, tenon::single_thread>;
#else
using made = tenon::runtime<tenon::poll, tenon::single_thread, tenon::epoll>;
#endif
static_assert(sizeof(made*) != 0);
