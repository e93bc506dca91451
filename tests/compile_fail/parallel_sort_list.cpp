// error: tenon::parallel_sort\(range\): the range has no random access; collect it into a std::vector first
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_sort.hpp>

#include <list>
#include <vector>

void program() {
#ifdef FIXED
  tenon::parallel_sort(std::vector<int>(3));
#else
  tenon::parallel_sort(std::list<int>(3));
#endif
}
