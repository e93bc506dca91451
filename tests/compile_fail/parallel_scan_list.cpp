// error: tenon::parallel_scan\(range, out, init\): the range has no random access; collect it into a std::vector first
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_scan.hpp>

#include <list>
#include <vector>

void program() {
#ifdef FIXED
  (void)tenon::parallel_scan(std::vector<int>(3), static_cast<int*>(nullptr), 0);
#else
  (void)tenon::parallel_scan(std::list<int>(3), static_cast<int*>(nullptr), 0);
#endif
}
