// error: tenon::broadcast: a branch gives nothing
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/broadcast.hpp>

int main() {
#ifdef FIXED
  const auto both = tenon::broadcast([](int x) { return x; }, [](int x) { return -x; });
#else
  const auto both = tenon::broadcast([](int x) { return x; }, [](int) {});
#endif
  (void)both(1);
}
