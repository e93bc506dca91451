// error: tenon::spsc<N>: N, the number of slots, must be a power of two
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/spsc.hpp>

#ifdef FIXED
tenon::spsc<1024>::of<int> queue;
#else
tenon::spsc<1000>::of<int> queue;
#endif
