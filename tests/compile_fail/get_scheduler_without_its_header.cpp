// error: tenon::runtime<...>::get_scheduler: include <tenon/runtime/senders.hpp>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#ifdef FIXED
#include <tenon/runtime/senders.hpp>
#endif

struct mine : tenon::runtime<tenon::none> {};

void ask(mine& rt) { (void)rt.get_scheduler(); }
