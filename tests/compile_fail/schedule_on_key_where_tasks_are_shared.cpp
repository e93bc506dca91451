// error: tenon::schedule_on: a key binds a task to a worker, and here any worker runs any task; write affinity<>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/schedule_on.hpp>
#include <tenon/scheduler/affinity.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::affinity<>>;
#else
using made = tenon::runtime<tenon::stealing<>>;
#endif
inline auto there(made& rt) { return tenon::schedule_on(rt, tenon::key{1}); }
