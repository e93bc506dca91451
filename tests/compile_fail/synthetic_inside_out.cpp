// error: tenon::synthetic<"\.\.\.">: a level stands inside a smaller one; write package, node and l3 before core
// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/synthetic.hpp>

#if defined(FIXED)
using there = tenon::synthetic<"node:2 core:8">;
#else
using there = tenon::synthetic<"core:8 node:2">;
#endif
static_assert(there::size > 0);
