// error: tenon::synthetic<"\.\.\.">: no level is named; write them from the outermost in
// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/synthetic.hpp>

#if defined(FIXED)
using there = tenon::synthetic<"core:2">;
#else
using there = tenon::synthetic<"">;
#endif
static_assert(there::size > 0);
