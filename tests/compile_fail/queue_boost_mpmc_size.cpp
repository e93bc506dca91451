// error: tenon::boost_mpmc<N>: N, the number of nodes, must lie between 1 and 65534
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/boost_mpmc.hpp>

#ifdef FIXED
tenon::boost_mpmc<65534>::of<char> queue;
#else
tenon::boost_mpmc<65535>::of<char> queue;
#endif
