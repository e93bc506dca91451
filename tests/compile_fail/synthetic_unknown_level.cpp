// error: tenon::synthetic<"\.\.\.">: a level is none of package, node, l3, core and pu
// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/synthetic.hpp>

#if defined(FIXED)
using there = tenon::synthetic<"package:2 core:8">;
#else
using there = tenon::synthetic<"socket:2 core:8">;
#endif
static_assert(there::size > 0);
