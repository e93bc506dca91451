// error: tenon::context<...>: this runtime carries no slot of this type; name it in context<...> in its sentence
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/with_context.hpp>

struct tenant {
  unsigned id = 0;
};

#ifdef FIXED
using made = tenon::runtime<tenon::context<int, tenant>>;
#else
using made = tenon::runtime<tenon::context<int>>;
#endif
inline auto carried() { return tenon::context_for<made>(tenant{7}); }
