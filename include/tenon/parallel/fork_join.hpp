// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/detail/parcel.hpp>

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon {

/// Runs plain callables side by side, where a worker is free, and gives their results.
///
///     long fib(int n) {
///       if (n < 2) return n;
///       auto [a, b] = tenon::fork_join([=] { return fib(n - 1); }, [=] { return fib(n - 2); });
///       return a + b;
///     }
///
/// Shape         A std::tuple of the results in the order of the callables; std::monostate stands for void.
/// Cost          Nobody idle: some fifteen instructions a branch, no atomic read-modify-write, no allocation: it lies
///               in the caller's frame. A branch that another worker takes costs a few cache lines that change cores.
/// Threads       On a worker of a runtime whose workers share their tasks (stealing, fifo, priority), from plain code
///               however deep or in a coroutine between two waits. Elsewhere, on a thread of yours or under affinity or
///               single_thread, the callables run here, one after the other; `rt.run(callable)` brings a thread in.
///               The branches that nobody takes run here, in the order written. A join whose branch is taken helps that
///               thief, and only with what descends from the branch: the stack grows no deeper than in a program of one
///               thread. Of a worker's branches 4,096 may be shared and not yet joined; what comes beyond them stays
///               its own. Do not hold a lock of the thread across it that a branch, or an item of the same worker,
///               takes too.
/// Errors        What leaves a callable leaves here, the first in the order written, once those that have begun have
///               ended; those after it that have not begun are not run.
/// Cancellation  None of its own: a branch that may be stopped asks its stop token.
/// Other work    A worker looks after its I/O, timers and ready tasks at forks and as it waits: every 200 us, or so.
///               A task that it runs then forks nothing out, and the join waits for it.
/// Source        See core/detail/branch_stack.hpp.
template <std::invocable F, std::invocable... Gs>
[[gnu::always_inline]] inline std::tuple<detail::given_t<F>, detail::given_t<Gs>...> fork_join(F&& f, Gs&&... gs) {
  using results = std::tuple<detail::given_t<F>, detail::given_t<Gs>...>;
  if constexpr (sizeof...(Gs) == 0) {
    return results(detail::carried<F>(f)());
  } else if constexpr (detail::goes_through_fork_two<F, Gs...>) {
    detail::carried<F> first(f);
    detail::carried<Gs...> second(gs...);
    auto both = detail::fork_two<F, Gs...>(first, second);
    return results(std::forward<detail::given_t<F>>(both.first), std::forward<detail::given_t<Gs>>(both.second)...);
  } else {
    return detail::fork_all<results>(std::index_sequence_for<Gs...>(), detail::carried<F>(f),
                                     detail::carried<Gs>(gs)...);
  }
}

}  // namespace tenon
