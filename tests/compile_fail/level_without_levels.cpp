// error: tenon::level: the scheduling of this runtime knows no levels; write priority<3> in its sentence, or leave out the
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/with_context.hpp>
#include <tenon/scheduler/priority.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::priority<3>>;
#else
using made = tenon::runtime<tenon::stealing<>>;
#endif
inline auto carried() { return tenon::context_for<made>(tenon::level{0}); }
