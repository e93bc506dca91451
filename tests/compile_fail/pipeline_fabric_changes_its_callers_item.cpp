// error: tenon::fabric: the first stage wants to change its caller's item, which a queue cannot give it; take it by
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

struct runtime {
  using threading = tenon::multi_thread;
  void schedule(tenon::work&) noexcept {}
};
int twice(int x) { return 2 * x; }
int grow(int& x) { return x *= 2; }

int main() {
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice, tenon::workers<2>));
#else
  constexpr auto all = tenon::pipeline(tenon::stage<"grow">(grow, tenon::workers<2>));
#endif
  runtime rt;
  const tenon::fabric running{rt, all};
  return static_cast<int>(running.stats()[0].held);
}
