// error: tenon::stage: it has workers that come and go, or tasks, and is ordered or takes batches
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

#include <span>

int main() {
#ifdef FIXED
  (void)tenon::stage<"s">([](std::span<int>) {}, tenon::workers<2>, tenon::batch<4>);
#else
  (void)tenon::stage<"s">([](std::span<int>) {}, tenon::workers<2, 4>, tenon::batch<4>);
#endif
}
