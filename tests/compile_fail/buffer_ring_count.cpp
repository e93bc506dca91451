// error: tenon::buffer_ring<N, Size>: N, the buffers of a worker, must be a power of two up to 32768; write buffer_ring<256, 4096>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/io_uring.hpp>

#ifdef FIXED
using wanted = tenon::buffer_ring<128, 4096>;
#else
using wanted = tenon::buffer_ring<100, 4096>;
#endif
static_assert(wanted::size == 4096);
