// error: tenon::pipeline: it has no stage; give it at least one
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/pipeline.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice));
#else
  constexpr auto all = tenon::pipeline();
#endif
  (void)all;
  return 0;
}
