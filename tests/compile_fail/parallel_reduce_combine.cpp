// error: tenon::parallel_reduce\(first, last, init, combine, map\): combine\(T, T\) must give a T, the type of init; give init the type of the result
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_reduce.hpp>

void program() {
#ifdef FIXED
  (void)tenon::parallel_reduce(0, 3, 0, [](int a, int b) { return a + b; });
#else
  (void)tenon::parallel_reduce(0, 3, 0, [](int, int) {});
#endif
}
