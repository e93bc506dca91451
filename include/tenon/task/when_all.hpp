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
  explicit all_of(task<Ts>&&... tasks) : branches_(branch<Ts>(std::move(tasks))...) {}

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
    for (task<T>& each : tasks) branches_.emplace_back(std::move(each));
  }

  [[nodiscard]] bool await_ready() const noexcept { return branches_.empty(); }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    group_.expect(branches_.size(), parent);
    return start_branches(group_, environment_of(parent), branches_);
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
/// Cost          Where the scheduling is `stealing` and nobody steals: some plain loads and stores a task. One that is
///               stolen costs its way through a ready queue, and each worker that took part one atomic decrement. With
///               other schedulings each task but the first goes through the ready queue.
/// Threads       The first runs at once on this worker; the others are ready for any worker that the scheduling allows.
///               A worker that runs out of work meanwhile gets them when this one next forks, or ends one of them.
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
