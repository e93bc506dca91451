// error: tenon::boost_spsc<N>: N, the number of slots, must be at least 1
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/boost_spsc.hpp>

#ifdef FIXED
tenon::boost_spsc<1>::of<int> queue;
#else
tenon::boost_spsc<0>::of<int> queue;
#endif
