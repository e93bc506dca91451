// error: tenon::runtime<...>: boost_mpmc<N> is declared but not defined; include <tenon/queue/boost_mpmc.hpp>
// SPDX-License-Identifier: BSL-1.0
#ifdef FIXED
#include <tenon/queue/boost_mpmc.hpp>
#endif
#include <tenon/runtime/runtime.hpp>

using made = tenon::runtime<tenon::fifo, tenon::boost_mpmc<64>>;
static_assert(sizeof(made*) != 0);
