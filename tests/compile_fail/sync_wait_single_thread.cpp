// error: tenon::sync_wait\(runtime<..., single_thread>, task\): there is no other thread that could run it; write rt.run\(task\)
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/sync_wait.hpp>

#ifdef FIXED
struct tiny : tenon::runtime<tenon::none, tenon::fifo> {};
#else
struct tiny : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread> {};
#endif

tenon::task<int> answer() { co_return 42; }

int from_elsewhere(tiny& rt) { return tenon::sync_wait(rt, answer()); }
