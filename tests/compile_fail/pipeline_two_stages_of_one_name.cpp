// error: tenon::pipeline: two stages have one name, and could not be told apart; rename one
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/pipeline.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice), tenon::stage<"again">(twice));
#else
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice), tenon::stage<"twice">(twice));
#endif
  return all(0);
}
