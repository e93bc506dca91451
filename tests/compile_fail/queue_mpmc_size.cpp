// error: tenon::mpmc<N>: N, the number of slots, must be a power of two and at least 2
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/mpmc.hpp>

#ifdef FIXED
tenon::mpmc<2>::of<int> queue;
#else
tenon::mpmc<1>::of<int> queue;
#endif
