// error: settings.* has no non-static data member named 'threads'|'threads' does not refer to any field in type 'const tiny::settings'
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>

struct tiny : tenon::runtime<tenon::none, tenon::single_thread> {
  using runtime::runtime;
};

void start() {
#ifdef FIXED
  const tiny::settings small{.name = "tiny"};
#else
  const tiny::settings small{.threads = 2, .name = "tiny"};
#endif
  tiny rt{small};
}
