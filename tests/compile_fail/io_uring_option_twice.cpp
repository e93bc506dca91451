// error: tenon::io_uring<Options...>: an option is given twice; write it once
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/io_uring.hpp>

#ifdef FIXED
using word = tenon::io_uring<tenon::multishot>;
#else
using word = tenon::io_uring<tenon::multishot, tenon::single_shot>;
#endif
static_assert(word::performs_io);
