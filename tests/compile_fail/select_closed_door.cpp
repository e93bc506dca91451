// error: tenon::select<...>: a list holds something that is not a complete policy; is its door closed
// SPDX-License-Identifier: BSL-1.0
#include <tenon/config/select.hpp>
#include <tenon/runtime/runtime.hpp>

int chosen() {
#ifdef FIXED
  using words = tenon::backends<tenon::epoll>;
#else
  using words = tenon::backends<tenon::epoll, tenon::libuv>;
#endif
  return tenon::select<words>("epoll", [](auto& rt) { return rt.workers() > 0 ? 1 : 0; });
}
