// error: tenon::fabric: elastic workers of a plain function are threads, which may not call into a runtime of single_thread; let the function give a tenon::task, or write multi_thread
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/pipeline/fabric.hpp>
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using some = tenon::runtime<tenon::none>;
#else
using some = tenon::runtime<tenon::none, tenon::single_thread>;
#endif

constexpr auto plan = tenon::pipeline(tenon::stage<"s">([](int x) { return x; }, tenon::workers<1, 4>));
void make(some& rt) { const tenon::fabric running{rt, plan}; }
