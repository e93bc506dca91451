// error: tenon::synthetic<"\.\.\.">: a level has no count; write a number from 1 on
// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/synthetic.hpp>

#if defined(FIXED)
using there = tenon::synthetic<"node:1 core:8">;
#else
using there = tenon::synthetic<"node core:8">;
#endif
static_assert(there::size > 0);
