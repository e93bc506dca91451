// error: tenon::fabric: the queue named for a stage allows one producer, and there are more .queue_before<stage, queue
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

struct runtime {
  using threading = tenon::multi_thread;
  void schedule(tenon::work&) noexcept {}
};
int twice(int x) { return 2 * x; }

int main() {
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice, tenon::queue_of<64>));
#else
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice, tenon::spsc<64>{}));
#endif
  runtime rt;
  const tenon::fabric running{rt, all};
  return static_cast<int>(running.stats()[0].held);
}
