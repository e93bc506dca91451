// error: tenon::fabric: the function of the first stage is a template, so the type of an item is not known; add takes
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

struct runtime {
  using threading = tenon::single_thread;
  void schedule(tenon::work&) noexcept {}
};

int main() {
  constexpr auto twice = [](auto x) { return 2 * x; };
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice, tenon::workers<1>, tenon::takes<int>));
#else
  constexpr auto all = tenon::pipeline(tenon::stage<"twice">(twice, tenon::workers<1>));
#endif
  runtime rt;
  const tenon::fabric running{rt, all};
  return static_cast<int>(running.stats()[0].held);
}
