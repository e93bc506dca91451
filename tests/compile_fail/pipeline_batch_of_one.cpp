// error: tenon::batch<N>: N, the most items at once, must lie between 2 and 256
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

#include <span>

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](std::span<int>) {}, tenon::batch<2>);
#else
  (void)tenon::stage<"s">([](std::span<int>) {}, tenon::batch<1>);
#endif
}
