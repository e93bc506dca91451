// error: tenon::runtime<...>: two backends; keep one
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/config/select.hpp>
#include <tenon/runtime/runtime.hpp>

int chosen() {
#ifdef FIXED
  using rest = tenon::off;
#else
  using rest = tenon::backends<tenon::none>;
#endif
  return tenon::select<tenon::backends<tenon::epoll>, rest>("", [](auto& rt) { return rt.workers() > 0 ? 1 : 0; });
}
