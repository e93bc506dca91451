// error: tenon::by_level<N>: N, the number of levels, must lie between 2 and 16
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::by_level<2>([](int) { return 0; }));
#else
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::by_level<1>([](int) { return 0; }));
#endif
}
