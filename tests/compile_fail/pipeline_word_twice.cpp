// error: tenon::stage: ttl, batch or by_level is named twice
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::ttl(tenon::duration(5)));
#else
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::ttl(tenon::duration(5)), tenon::ttl(tenon::duration(6)));
#endif
}
