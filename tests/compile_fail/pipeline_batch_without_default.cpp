// error: tenon::batch<N>: what the function gives has no default constructor
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

#include <span>

struct made {
  explicit made(int) {}
};

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](std::span<int>, std::span<int>) {}, tenon::batch<2>);
#else
  (void)tenon::stage<"s">([](std::span<int>, std::span<made>) {}, tenon::batch<2>);
#endif
}
