// error: tenon::stage: it is fused and names workers, a queue or an overflow; keep one or the other
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto one = tenon::stage<"twice">(twice, tenon::fused);
#else
  constexpr auto one = tenon::stage<"twice">(twice, tenon::fused, tenon::workers<2>);
#endif
  return one(0);
}
