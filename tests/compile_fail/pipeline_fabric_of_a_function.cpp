// error: tenon::fabric: no stage names workers, a queue or an overflow, so there is nothing to run beside the caller
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

struct runtime {
  using threading = tenon::single_thread;
  void schedule(tenon::work&) noexcept {}
};
int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice, tenon::workers<1>));
#else
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice));
#endif
  runtime rt;
  const tenon::fabric running{rt, all};
  return static_cast<int>(running.stats()[0].held);
}
