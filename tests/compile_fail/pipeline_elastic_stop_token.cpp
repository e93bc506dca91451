// error: tenon::stage: the function takes a std::stop_token, which only workers that may be left behind give it; add workers<Min, Max> or take none
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

#include <stop_token>

#ifdef FIXED
inline constexpr auto made = tenon::stage<"s">([](int x, std::stop_token) { return x; }, tenon::workers<1, 4>);
#else
inline constexpr auto made = tenon::stage<"s">([](int x, std::stop_token) { return x; }, tenon::workers<4>);
#endif
