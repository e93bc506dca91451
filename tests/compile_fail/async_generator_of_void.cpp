// error: tenon::async_generator<void>: there is nothing to give; write task<void>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/async_generator.hpp>

#ifdef FIXED
tenon::async_generator<bool> ticks() { co_yield true; }
#else
tenon::async_generator<void> ticks() { co_return; }
#endif
