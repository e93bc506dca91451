// error: tenon::workers<N>: N must lie between 1 and 31
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto one = tenon::stage<"twice">(twice, tenon::workers<31>);
#else
  constexpr auto one = tenon::stage<"twice">(twice, tenon::workers<32>);
#endif
  return one(0);
}
