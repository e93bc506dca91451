// error: tenon::stage: idle_after, task_timeout and grace are for workers that come and go; write workers<Min, Max>, or leave them out
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

#include <chrono>

using std::chrono::seconds;

#ifdef FIXED
inline constexpr auto made =
    tenon::stage<"s">([](int x) { return x; }, tenon::workers<1, 4>, tenon::idle_after(seconds(1)));
#else
inline constexpr auto made =
    tenon::stage<"s">([](int x) { return x; }, tenon::workers<4>, tenon::idle_after(seconds(1)));
#endif
