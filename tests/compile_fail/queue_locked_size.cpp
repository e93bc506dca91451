// error: tenon::locked<N>: N, the number of slots, must be at least 1
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/locked.hpp>

#ifdef FIXED
tenon::locked<1>::of<int> queue;
#else
tenon::locked<0>::of<int> queue;
#endif
