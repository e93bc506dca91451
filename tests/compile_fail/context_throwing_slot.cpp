// error: tenon::context<Slots...>: a slot is default-constructed and copied, neither of which may throw; carry a pointer
// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/context.hpp>

#include <string>

#ifdef FIXED
using carried = tenon::context<const std::string*>;
static_assert(!carried::word.view().empty());
#else
using carried = tenon::context<std::string>;
static_assert(!carried::word.view().empty());
#endif
