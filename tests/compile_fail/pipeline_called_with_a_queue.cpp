// error: tenon::pipeline: a stage names workers, a queue or an overflow, so it is no function; run it with tenon::f
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/pipeline.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice));
#else
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice, tenon::workers<2>));
#endif
  return all(0);
}
