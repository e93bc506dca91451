// SPDX-License-Identifier: BSL-1.0
// Ours, as a user writes it.
#include "contender.hpp"
#include "kernels.hpp"

#include <tenon/parallel/fork_join.hpp>
#include <tenon/tenon.hpp>

#include <cstddef>
#include <utility>

namespace forkjoin {

namespace {
struct forks {
  template <class... Fs>
  static auto all(Fs&&... branches) {
    return tenon::fork_join(std::forward<Fs>(branches)...);
  }
  template <class R, class Body>
  static R sum(int n, const Body& body) {
    return n == 0 ? R{} : sum_of<R>(0, n, body);
  }

 private:
  template <class R, class Body>
  static R sum_of(int first, int last, const Body& body) {
    if (last - first == 1) return body(first);
    const int middle = first + (last - first) / 2;
    auto [a, b] = tenon::fork_join([&, first, middle] { return sum_of<R>(first, middle, body); },
                                   [&, middle, last] { return sum_of<R>(middle, last, body); });
    return a + b;
  }
};

struct compute : tenon::runtime<tenon::stealing<>> {
  using runtime::runtime;
};

outcome run(const job& what, std::size_t workers) {
  compute rt{{.threads = workers}};
  return rt.run([&] { return measure<forks>(what); });
}
}  // namespace

runner ours() { return &run; }

}  // namespace forkjoin
