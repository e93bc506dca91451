// error: tenon::stage<Name>: the name is empty; joints, counters and errors are told by it
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto one = tenon::stage<"twice">(twice);
#else
  constexpr auto one = tenon::stage<"">(twice);
#endif
  return one(0);
}
