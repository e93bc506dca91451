// error: tenon::batch<N>: the function of the stage takes no batch
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

#include <span>

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](std::span<int>) {}, tenon::batch<4>);
#else
  (void)tenon::stage<"s">([](int x) { return x; }, tenon::batch<4>);
#endif
}
