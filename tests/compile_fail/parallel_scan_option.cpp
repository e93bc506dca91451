// error: tenon::parallel_scan: what stands behind map is no option of it; write tenon::grain\{1024\} or tenon::exclusive
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_reduce.hpp>
#include <tenon/parallel/parallel_scan.hpp>

void program() {
#ifdef FIXED
  (void)tenon::parallel_scan(0, 3, static_cast<int*>(nullptr), 0, tenon::exclusive);
#else
  (void)tenon::parallel_scan(0, 3, static_cast<int*>(nullptr), 0, tenon::deterministic);
#endif
}
