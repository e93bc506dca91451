// error: tenon::stage: an option is none that a stage knows; write workers<N>, queue_of<N>, a queue such as mpmc<N>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto one = tenon::stage<"twice">(twice, tenon::workers<2>);
#else
  constexpr auto one = tenon::stage<"twice">(twice, 2);
#endif
  return one(0);
}
