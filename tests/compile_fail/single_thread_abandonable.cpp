// error: tenon::abandonable: no thread may call into a runtime of single_thread, .* write multi_thread with .threads = 1
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/abandonable.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/task/task.hpp>

#ifdef FIXED
struct tiny : tenon::runtime<tenon::none, tenon::multi_thread> {};
#else
struct tiny : tenon::runtime<tenon::none, tenon::single_thread> {};
#endif

tenon::task<void> wait_long(tiny& rt) {
  (void)co_await tenon::abandonable(rt, tenon::never, [] {});
}
