// error: tenon::http::brotli::level<N>: brotli has the levels
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/brotli.hpp>

#ifdef FIXED
using packed = tenon::http::brotli::level<11>;
#else
using packed = tenon::http::brotli::level<12>;
#endif
static_assert(sizeof(packed) != 0);
