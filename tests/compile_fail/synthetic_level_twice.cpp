// error: tenon::synthetic<"\.\.\.">: a level is named twice; name it once
// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/synthetic.hpp>

#if defined(FIXED)
using there = tenon::synthetic<"node:4 core:8">;
#else
using there = tenon::synthetic<"node:2 core:8 node:2">;
#endif
static_assert(there::size > 0);
