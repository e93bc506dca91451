// error: tenon::parallel_reduce: what stands behind map is no option of it; write tenon::grain\{1024\} or tenon::deterministic
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_reduce.hpp>

void program() {
#ifdef FIXED
  (void)tenon::parallel_reduce(0, 3, 0, tenon::deterministic);
#else
  (void)tenon::parallel_reduce(0, 3, 0, [](int a, int b) { return a + b; }, [](int i) { return i; }, 1024);
#endif
}
