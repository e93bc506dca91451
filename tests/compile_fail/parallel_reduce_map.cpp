// error: tenon::parallel_reduce\(first, last, init, combine, map\): map can be called neither with an element nor with the two ends of a piece; write
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_reduce.hpp>

void program() {
#ifdef FIXED
  (void)tenon::parallel_reduce(0, 3, 0, [](int a, int b) { return a + b; }, [](int) { return 1; });
#else
  (void)tenon::parallel_reduce(0, 3, 0, [](int a, int b) { return a + b; }, [](int*) { return 1; });
#endif
}
