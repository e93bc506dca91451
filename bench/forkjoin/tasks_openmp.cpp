// SPDX-License-Identifier: BSL-1.0
// OpenMP tasks: one for each branch but the last, which is called.
#include "contender.hpp"

#if defined(_OPENMP)
#include "kernels.hpp"

#include <cstddef>
#include <tuple>
#include <utility>

namespace forkjoin {

namespace {
struct tasks {
  template <class... Fs>
  static auto all(Fs&&... branches) {
    return all_of(std::index_sequence_for<Fs...>(), branches...);
  }
  template <class R, class Body>
  static R sum(int n, const Body& body) {
    if (n == 0) return {};
    if (n == 1) return body(0);
    results<R> each(n);
    for (int i = 0; i + 1 < n; ++i) {
#pragma omp task shared(each, body) firstprivate(i)
      each[i] = body(i);
    }
    each[n - 1] = body(n - 1);
#pragma omp taskwait
    return each.sum(n);
  }

 private:
  template <class R, class F>
  static void task(R* to, F* branch) {
#pragma omp task firstprivate(to, branch)
    *to = value_of(*branch);
  }
  template <std::size_t... I, class... Fs>
  static auto all_of(std::index_sequence<I...>, Fs&... branches) {
    std::tuple<value_type<Fs>...> out;
    const auto begin = [&]<std::size_t J>(std::integral_constant<std::size_t, J>, auto& branch) {
      if constexpr (J + 1 < sizeof...(Fs)) {
        task(&std::get<J>(out), &branch);
      } else {
        std::get<J>(out) = value_of(branch);
      }
    };
    (begin(std::integral_constant<std::size_t, I>(), branches), ...);
#pragma omp taskwait
    return out;
  }
};

outcome run(const job& what, std::size_t workers) {
  outcome out;
#pragma omp parallel num_threads(static_cast<int>(workers))
#pragma omp single
  out = measure<tasks>(what);
  return out;
}
}  // namespace

runner openmp() { return &run; }

}  // namespace forkjoin

#else

namespace forkjoin {

runner openmp() { return nullptr; }

}  // namespace forkjoin

#endif
