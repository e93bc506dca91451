// error: tenon::http::gzip::level<N>: zlib has the levels
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/gzip.hpp>

#ifdef FIXED
using packed = tenon::http::gzip::level<9>;
#else
using packed = tenon::http::gzip::level<10>;
#endif
static_assert(sizeof(packed) != 0);
