// error: tenon::parallel_scan\(first, last, out, init, combine, map\): map cannot be called with an element; write
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_scan.hpp>

void program() {
#ifdef FIXED
  (void)tenon::parallel_scan(
      0, 3, static_cast<int*>(nullptr), 0, [](int a, int b) { return a + b; }, [](int) { return 1; });
#else
  (void)tenon::parallel_scan(
      0, 3, static_cast<int*>(nullptr), 0, [](int a, int b) { return a + b; }, [](int*) { return 1; });
#endif
}
