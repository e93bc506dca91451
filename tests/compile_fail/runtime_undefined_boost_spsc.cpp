// error: tenon::runtime<...>: boost_spsc<N> is declared but not defined; include <tenon/queue/boost_spsc.hpp>
// SPDX-License-Identifier: BSL-1.0
#ifdef FIXED
#include <tenon/queue/boost_spsc.hpp>
#endif
#include <tenon/runtime/runtime.hpp>

using made = tenon::runtime<tenon::fifo, tenon::boost_spsc<64>>;
static_assert(sizeof(made*) != 0);
