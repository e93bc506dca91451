// error: tenon::http::codings<...>: a coding's door is closed; include its header .tenon/http/gzip.hpp, brotli.hpp or
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/content_coding.hpp>

#ifdef FIXED
using some = tenon::http::codings<>;
#else
using some = tenon::http::codings<tenon::http::gzip>;
#endif
static_assert(some::count == 0);
