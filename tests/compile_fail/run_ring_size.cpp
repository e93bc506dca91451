// error: tenon::run_ring<N>: N, the number of slots, must be a power of two
// SPDX-License-Identifier: BSL-1.0

#include <tenon/scheduler/detail/run_ring.hpp>

#ifdef FIXED
tenon::detail::run_ring<tenon::multi_thread, 256> ring;
#else
tenon::detail::run_ring<tenon::multi_thread, 100> ring;
#endif
