// error: tenon::fabric::times: no stage of this name is measured
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

struct plain {
  using threading = tenon::single_thread;
  void schedule(tenon::work&) noexcept {}
  static tenon::time_point now() noexcept { return {}; }
};

#ifdef FIXED
constexpr auto watched =
    tenon::pipeline(tenon::stage<"s">([](int x) { return x; }, tenon::workers<1>, tenon::measured));
#else
constexpr auto watched = tenon::pipeline(tenon::stage<"s">([](int x) { return x; }, tenon::workers<1>));
#endif

int main() {
  plain rt;
  const tenon::fabric running{rt, watched};
  (void)running.times<"s">();
}
