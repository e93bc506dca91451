// error: tenon::io_uring<Options...>: an option is not one of io_uring's; write io_uring<> or io_uring<entries<512>>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/io_uring.hpp>

#ifdef FIXED
using word = tenon::io_uring<tenon::entries<512>>;
#else
using word = tenon::io_uring<int>;
#endif
static_assert(word::performs_io);
