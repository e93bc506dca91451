// error: tenon::runtime<...>: an argument is not a policy; derive it, publicly, from the one family
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct widget {};

#ifdef FIXED
using made = tenon::runtime<tenon::epoll>;
#else
using made = tenon::runtime<tenon::epoll, widget>;
#endif
static_assert(sizeof(made*) != 0);
