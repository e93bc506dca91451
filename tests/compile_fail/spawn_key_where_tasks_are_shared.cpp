// error: tenon::runtime<...>::spawn: a key binds a task to a worker, and here any worker runs any task; write affinity<>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/affinity.hpp>

inline tenon::task<void> nothing() { co_return; }

#ifdef FIXED
using made = tenon::runtime<tenon::affinity<>>;
#else
using made = tenon::runtime<tenon::stealing<>>;
#endif
inline void start(made& rt) { rt.spawn(tenon::key{1}, nothing); }
