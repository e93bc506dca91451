// error: tenon::parallel_for\(range, body\): the range has no random access; collect it into a std::vector first
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_for.hpp>

#include <list>
#include <vector>

void program() {
#ifdef FIXED
  tenon::parallel_for(std::vector<int>(3), [](int) {});
#else
  tenon::parallel_for(std::list<int>(3), [](int) {});
#endif
}
