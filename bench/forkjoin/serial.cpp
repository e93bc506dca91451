// SPDX-License-Identifier: BSL-1.0
// The serial program: plain calls, none of which may be inlined.
#define FORKJOIN_RECURSIVE [[gnu::noinline]]

#include "contender.hpp"
#include "kernels.hpp"

#include <cstddef>
#include <thread>
#include <tuple>

namespace forkjoin {

namespace {
struct calls {
  template <class... Fs>
  static auto all(Fs&&... branches) {
    return std::tuple{value_of(branches)...};
  }
  template <class R, class Body>
  static R sum(int n, const Body& body) {
    R all{};
    for (int i = 0; i < n; ++i) all += body(i);
    return all;
  }
};

outcome run(const job& what, std::size_t /*workers*/) { return measure<calls>(what); }

outcome run_twice(const job& what, std::size_t /*workers*/) {
  outcome beside;
  std::thread other([&] { beside = measure<calls>(what); });
  const outcome mine = measure<calls>(what);
  other.join();
  return {(mine.nanoseconds + beside.nanoseconds) / 4, mine.right && beside.right};
}
}  // namespace

runner serial() { return &run; }
runner side_by_side() { return &run_twice; }

}  // namespace forkjoin
