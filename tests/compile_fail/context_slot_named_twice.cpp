// error: tenon::context<Slots...>: a type is named twice; wrap one of them in a struct of its own
// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/context.hpp>

struct tenant {
  unsigned id = 0;
};

#ifdef FIXED
using carried = tenon::context<tenant, int>;
static_assert(!carried::word.view().empty());
#else
using carried = tenon::context<tenant, int, tenant>;
static_assert(!carried::word.view().empty());
#endif
