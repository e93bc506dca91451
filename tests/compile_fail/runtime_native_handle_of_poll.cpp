// error: tenon::runtime<\.\.\.>::native_handle: this backend has no descriptor that stands for all it waits for; write epoll, io_uring<> or libuv in its place
// SPDX-License-Identifier: BSL-1.0
#include <tenon/tenon.hpp>

#include <tenon/runtime/embedding.hpp>

#if defined(FIXED)
using app = tenon::runtime<tenon::epoll>;
#else
using app = tenon::runtime<tenon::poll>;
#endif

int handle_of(const app& rt) { return rt.native_handle(); }
