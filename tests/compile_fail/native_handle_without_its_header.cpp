// error: tenon::runtime<...>::native_handle: include <tenon/runtime/embedding.hpp>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>
#include <tenon/runtime/runtime.hpp>
#ifdef FIXED
#include <tenon/runtime/embedding.hpp>
#endif

struct mine : tenon::runtime<tenon::epoll> {};

int handle_of(const mine& rt) { return rt.native_handle(); }
