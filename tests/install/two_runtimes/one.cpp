// SPDX-License-Identifier: BSL-1.0
// One of two translation units, each with a runtime of its own composition, in one program at the same time.
#include <tenon/tenon.hpp>

#include <thread>

struct crowd : tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::recycling<>> {
  using runtime::runtime;
};

int run_single();

namespace {

tenon::task<int> one() { co_return 1; }

tenon::task<int> sum() {
  int total = 0;
  for (int i = 0; i < 1000; ++i) total += co_await one();
  co_return total;
}

}  // namespace

int main() {
  int single = 0;
  std::thread other([&] { single = run_single(); });
  crowd rt{{.threads = 2}};
  const int many = rt.run(sum());
  other.join();
  return many == 1000 && single == 500 ? 0 : 1;
}
