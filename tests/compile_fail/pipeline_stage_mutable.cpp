// error: tenon::stage: the function cannot be called as const
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int main() {
#ifdef FIXED
  const auto one = tenon::stage<"count">([](int x) { return x; });
#else
  const auto one = tenon::stage<"count">([n = 0](int x) mutable { return n += x; });
#endif
  return one(0);
}
