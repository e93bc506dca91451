// error: tenon::runtime<...>: an option of stealing<...> is declared but not defined; include <tenon/scheduler/chase_lev.hpp>, <tenon/scheduler/split.hpp> or <tenon/scheduler/lifo_slot.hpp>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#ifdef FIXED
#include <tenon/scheduler/chase_lev.hpp>
#endif

using made = tenon::runtime<tenon::none, tenon::stealing<tenon::chase_lev>>;
static_assert(sizeof(made*) != 0);
