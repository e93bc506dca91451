// error: tenon::parallel_sort\(first, last, less\): less\(a, b\) cannot be called with two elements; write
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_sort.hpp>

#include <vector>

void program() {
#ifdef FIXED
  tenon::parallel_sort(std::vector<int>(3), [](int, int) { return false; });
#else
  tenon::parallel_sort(std::vector<int>(3), [](int*, int*) { return true; });
#endif
}
