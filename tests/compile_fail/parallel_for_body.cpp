// error: tenon::parallel_for\(first, last, body\): body can be called neither with an element nor with the two ends of a piece; write
// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/parallel_for.hpp>

void program() {
#ifdef FIXED
  tenon::parallel_for(0, 10, [](int) {});
#else
  tenon::parallel_for(0, 10, [](int*) {});
#endif
}
