// error: tenon::stage: the workers, the queue, the overflow or the runtime are named twice; keep one of each
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto one = tenon::stage<"twice">(twice, tenon::block);
#else
  constexpr auto one = tenon::stage<"twice">(twice, tenon::block, tenon::reject);
#endif
  return one(0);
}
