// error: tenon::fabric: a stage says on\(another runtime\), and one of the two is single_thread, into which no other may call; write multi_thread with .threads = 1 in its place
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/pipeline/fabric.hpp>
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
using some = tenon::runtime<tenon::none>;
#else
using some = tenon::runtime<tenon::none, tenon::single_thread>;
#endif
using other = tenon::runtime<tenon::none>;

void make(some& here, other& there) {
  const auto stages = tenon::pipeline(tenon::stage<"s">([](int x) { return x; }, tenon::on(there)));
  const tenon::fabric running{here, stages};
}
