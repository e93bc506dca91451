// error: tenon::http::zstd::level<N>: zstd has the levels
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/zstd.hpp>

#ifdef FIXED
using packed = tenon::http::zstd::level<22>;
#else
using packed = tenon::http::zstd::level<23>;
#endif
static_assert(sizeof(packed) != 0);
