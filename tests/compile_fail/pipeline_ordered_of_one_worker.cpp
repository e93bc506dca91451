// error: tenon::stage: it is ordered, and one worker keeps the order anyway
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::workers<2>, tenon::ordered);
#else
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::queue_of<8>, tenon::ordered);
#endif
}
