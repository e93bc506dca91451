// error: tenon::select<...>: a list holds a word of another family; backends<...> takes backends, and so on
// SPDX-License-Identifier: BSL-1.0
#include <tenon/config/select.hpp>
#include <tenon/runtime/runtime.hpp>

int chosen() {
#ifdef FIXED
  using words = tenon::backends<tenon::epoll>;
#else
  using words = tenon::backends<tenon::epoll, tenon::fifo>;
#endif
  return tenon::select<words>("epoll", [](auto& rt) { return rt.workers() > 0 ? 1 : 0; });
}
