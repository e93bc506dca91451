// error: tenon::parallel_for: what stands behind the body is no option of it; write tenon::grain\{1024\}
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_for.hpp>

void program() {
#ifdef FIXED
  tenon::parallel_for(0, 10, [](int) {}, tenon::grain{1024});
#else
  tenon::parallel_for(0, 10, [](int) {}, 1024);
#endif
}
