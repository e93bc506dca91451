// error: tenon::synthetic<"\.\.\.">: more than 4096 hardware threads; make a count smaller
// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/synthetic.hpp>

#if defined(FIXED)
using there = tenon::synthetic<"node:64 core:64">;
#else
using there = tenon::synthetic<"node:64 core:128">;
#endif
static_assert(there::size > 0);
