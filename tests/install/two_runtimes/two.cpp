// SPDX-License-Identifier: BSL-1.0
#include <tenon/tenon.hpp>

struct tiny : tenon::runtime<tenon::poll, tenon::fifo, tenon::single_thread, tenon::system> {
  using runtime::runtime;
};

namespace {

tenon::task<int> one() { co_return 1; }

tenon::task<int> sum() {
  int total = 0;
  for (int i = 0; i < 500; ++i) total += co_await one();
  co_return total;
}

}  // namespace

int run_single();

int run_single() {
  tiny rt;
  return rt.run(sum());
}
