// error: tenon::fabric: what goes through a queue must move without throwing; pass a std::unique_ptr to it
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

struct runtime {
  using threading = tenon::multi_thread;
  void schedule(tenon::work&) noexcept {}
};
struct item {
  item() = default;
  item(item&&) noexcept(false) {}
};
int by_value(const item&) { return 1; }
int by_pointer(std::unique_ptr<item>) { return 1; }

int main() {
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"use">(by_pointer, tenon::workers<2>));
#else
  constexpr auto all = tenon::pipeline(tenon::stage<"use">(by_value, tenon::workers<2>));
#endif
  runtime rt;
  const tenon::fabric running{rt, all};
  return static_cast<int>(running.stats()[0].held);
}
