// error: tenon::mpsc<N>: N, the number of slots, must be a power of two and at least 2
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/mpsc.hpp>

#ifdef FIXED
tenon::mpsc<2>::of<int> queue;
#else
tenon::mpsc<1>::of<int> queue;
#endif
