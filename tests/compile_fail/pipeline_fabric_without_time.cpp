// error: tenon::fabric: a stage says ttl or measured, and the runtime has no now
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

struct timeless {
  using threading = tenon::single_thread;
  void schedule(tenon::work&) noexcept {}
#ifdef FIXED
  static tenon::time_point now() noexcept { return {}; }
#endif
};

int main() {
  constexpr auto stages = tenon::pipeline(tenon::stage<"s">([](int x) { return x; }, tenon::ttl(tenon::duration(5))));
  timeless rt;
  const tenon::fabric running{rt, stages};
}
