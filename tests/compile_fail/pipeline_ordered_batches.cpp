// error: tenon::stage: it is ordered and takes batches of several workers
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

#include <span>

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](std::span<int>) {}, tenon::workers<2>, tenon::batch<4>);
#else
  (void)tenon::stage<"s">([](std::span<int>) {}, tenon::workers<2>, tenon::batch<4>, tenon::ordered);
#endif
}
