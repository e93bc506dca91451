// error: tenon::stage: it is measured, and nothing opens a queue before it
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::workers<1>, tenon::measured);
#else
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::measured);
#endif
}
