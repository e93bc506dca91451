// error: tenon::numa<\.\.\.>: the topology knows no nodes .*; add hwloc, or leave out numa
// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/numa.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/topology/synthetic.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::numa<>, tenon::synthetic<"node:2 core:8">>;
#else
using made = tenon::runtime<tenon::numa<>>;
#endif
static_assert(sizeof(made*) != 0);
