// error: tenon::parallel_reduce\(range, init\): the range has no random access; collect it into a std::vector first
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_reduce.hpp>

#include <list>
#include <vector>

void program() {
#ifdef FIXED
  (void)tenon::parallel_reduce(std::vector<int>(3), 0);
#else
  (void)tenon::parallel_reduce(std::list<int>(3), 0);
#endif
}
