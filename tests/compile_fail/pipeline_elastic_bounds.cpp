// error: tenon::workers<Min, Max>: 1 <= Min <= Max <= 1024 does not hold
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

#ifdef FIXED
inline constexpr auto made = tenon::stage<"s">([](int x) { return x; }, tenon::workers<4, 16>);
#else
inline constexpr auto made = tenon::stage<"s">([](int x) { return x; }, tenon::workers<16, 4>);
#endif
