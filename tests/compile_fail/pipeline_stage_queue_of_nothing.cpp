// error: tenon::queue_of<N>: N, how many items the queue holds, must be at least 1
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto one = tenon::stage<"twice">(twice, tenon::queue_of<1>);
#else
  constexpr auto one = tenon::stage<"twice">(twice, tenon::queue_of<0>);
#endif
  return one(0);
}
