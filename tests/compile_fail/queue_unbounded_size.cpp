// error: tenon::unbounded<Segment>: Segment, the number of slots that are allocated at once, must be a power of two and at least 2
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/unbounded.hpp>

#ifdef FIXED
tenon::unbounded<2>::of<int> queue;
#else
tenon::unbounded<1>::of<int> queue;
#endif
