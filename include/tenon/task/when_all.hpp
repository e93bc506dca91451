// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/task/detail/branch.hpp>
#include <tenon/task/task.hpp>

#include <array>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

namespace tenon {

namespace detail {

template <class... Ts>
class all_of {
 public:
  explicit all_of(task<Ts>&&... tasks) : branches_(run_branch(std::move(tasks))...) {}

  [[nodiscard]] static bool await_ready() noexcept { return sizeof...(Ts) == 0; }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    if constexpr (sizeof...(Ts) == 0) {
      return parent;
    } else {
      group_.expect(sizeof...(Ts), parent);
      return std::apply([&](auto&... each) { return start_branches(group_, environment_of(parent), each...); },
                        branches_);
    }
  }
  std::tuple<stored_t<Ts>...> await_resume() {
    // braces: the first branch's exception is the one that leaves
    return std::apply([](auto&... each) { return std::tuple<stored_t<Ts>...>{each.take()...}; }, branches_);
  }

 private:
  branch_group group_;
  std::tuple<branch<Ts>...> branches_;
};

template <class T>
class all_in {
 public:
  explicit all_in(std::vector<task<T>>&& tasks) {
    branches_.reserve(tasks.size());
    for (task<T>& each : tasks) branches_.push_back(run_branch(std::move(each)));
  }

  [[nodiscard]] bool await_ready() const noexcept { return branches_.empty(); }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    group_.expect(branches_.size(), parent);
    const environment* const env = environment_of(parent);
    for (std::size_t i = 1; i < branches_.size(); ++i) branches_[i].schedule(group_, i, env);
    return branches_.front().transfer(group_, 0, env);
  }
  std::vector<stored_t<T>> await_resume() {
    std::vector<stored_t<T>> results;
    results.reserve(branches_.size());
    for (branch<T>& each : branches_) results.push_back(each.take());
    return results;
  }

 private:
  branch_group group_;
  std::vector<branch<T>> branches_;
};

}  // namespace detail

/// Runs tasks side by side and waits for all of them.
///
///     auto [page, user] = co_await tenon::when_all(fetch(url), look_up(id));
///
/// Shape         A tuple of the results in the order of the arguments; std::monostate stands for void, a pointer for a
///               reference. Of a vector of tasks, a vector.
/// Cost          One small frame a task, from the worker's memory, and one atomic decrement.
/// Threads       The first runs at once on this worker; the others are ready for any worker that the scheduling allows.
/// Errors        All are waited for; then the exception of the first (in order) that threw leaves.
/// Cancellation  The tasks inherit the environment of the coroutine that awaits; none is cancelled when another throws.
template <class... Ts>
[[nodiscard]] detail::all_of<Ts...> when_all(task<Ts>... tasks) {
  return detail::all_of<Ts...>(std::move(tasks)...);
}
template <class T>
[[nodiscard]] detail::all_in<T> when_all(std::vector<task<T>> tasks) {
  return detail::all_in<T>(std::move(tasks));
}

}  // namespace tenon
