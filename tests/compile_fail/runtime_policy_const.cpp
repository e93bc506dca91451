// error: tenon::runtime<...>: an argument is const or volatile; name the policy itself
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using made = tenon::runtime<tenon::epoll>;
#else
using made = tenon::runtime<const tenon::epoll>;
#endif
static_assert(sizeof(made*) != 0);
