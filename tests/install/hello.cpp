// SPDX-License-Identifier: BSL-1.0
// The smallest user: one task in a runtime of defaults. Exits 0 when the task ran.
#include <tenon/tenon.hpp>

struct small : tenon::runtime<> {
  using runtime::runtime;
};

tenon::task<int> seven() { co_return 7; }

tenon::task<int> hello() {
  const int got = co_await seven();
  co_return got - 7;
}

int main() {
  small rt;
  return rt.run(hello());
}
