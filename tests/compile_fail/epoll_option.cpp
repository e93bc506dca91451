// error: tenon::epoll::with<Option>: this is not one of epoll's; write epoll::with<busy_poll<50>>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>

#ifdef FIXED
using eager = tenon::epoll::with<tenon::busy_poll<50>>;
#else
using eager = tenon::epoll::with<int>;
#endif
static_assert(sizeof(eager) != 0);
