// SPDX-License-Identifier: BSL-1.0
// oneTBB: parallel_invoke, and for a number of branches that is not known a task group, whose last branch is called.
#include "contender.hpp"

#if __has_include(<tbb/task_group.h>)
#include "kernels.hpp"

#include <cstddef>
#include <tuple>
#include <utility>

#include <tbb/global_control.h>
#include <tbb/parallel_invoke.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

namespace forkjoin {

namespace {
struct groups {
  template <class... Fs>
  static auto all(Fs&&... branches) {
    return all_of(std::index_sequence_for<Fs...>(), branches...);
  }
  template <class R, class Body>
  static R sum(int n, const Body& body) {
    if (n == 0) return {};
    if (n == 1) return body(0);
    results<R> each(n);
    tbb::task_group group;
    for (int i = 0; i + 1 < n; ++i) group.run([&each, &body, i] { each[i] = body(i); });
    each[n - 1] = body(n - 1);
    group.wait();
    return each.sum(n);
  }

 private:
  template <std::size_t... I, class... Fs>
  static auto all_of(std::index_sequence<I...>, Fs&... branches) {
    std::tuple<value_type<Fs>...> out;
    tbb::parallel_invoke([&out, &branches] { std::get<I>(out) = value_of(branches); }...);
    return out;
  }
};

outcome run(const job& what, std::size_t workers) {
  const tbb::global_control most(tbb::global_control::max_allowed_parallelism, workers);
  tbb::task_arena arena(static_cast<int>(workers));
  return arena.execute([&] { return measure<groups>(what); });
}
}  // namespace

runner onetbb() { return &run; }

}  // namespace forkjoin

#else

namespace forkjoin {

runner onetbb() { return nullptr; }

}  // namespace forkjoin

#endif
