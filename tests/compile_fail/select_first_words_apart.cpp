// error: tenon::stealing<...>: with single_thread there is no other worker to steal from
// SPDX-License-Identifier: BSL-1.0
#include <tenon/config/select.hpp>
#include <tenon/runtime/runtime.hpp>

int chosen() {
#ifdef FIXED
  using words = tenon::schedulings<tenon::fifo, tenon::stealing<>>;
#else
  using words = tenon::schedulings<tenon::stealing<>, tenon::fifo>;
#endif
  return tenon::select<words, tenon::single_thread>("", [](auto& rt) { return rt.workers() > 0 ? 1 : 0; });
}
