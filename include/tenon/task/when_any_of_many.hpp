// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/task/detail/branch.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/when_any.hpp>

#include <coroutine>
#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

namespace tenon {

/// What the first of many tasks gave, and which one it was.
///
/// Shape    `value` as when_any has it: std::monostate stands for void, a pointer for a reference.
template <class T>
struct first_of {
  first_of(std::size_t which, detail::stored_t<T>&& what) : index(which), value(std::move(what)) {}

  std::size_t index;
  detail::stored_t<T> value;
};

namespace detail {

template <class T>
class any_in {
 public:
  explicit any_in(std::vector<task<T>>&& tasks) {
    if (tasks.empty()) raise(std::make_error_code(std::errc::invalid_argument));
    branches_.reserve(tasks.size());
    for (task<T>& each : tasks) branches_.emplace_back(std::move(each));
  }

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) {
    linked_.link(*environment_of(parent));
    group_.expect(branches_.size(), parent);
    return start_branches(group_, &linked_.env(), branches_);
  }
  first_of<T> await_resume() {
    const std::size_t index = group_.first();
    return {index, branches_[index].take()};
  }

 private:
  linked_environment linked_;
  branch_race group_{linked_.source()};
  std::vector<branch<T>> branches_;
};

}  // namespace detail

/// Runs any number of tasks of one type side by side; the first to end wins, as with `when_any` of arguments.
///
///     const auto first = co_await tenon::when_any(std::move(replicas));   // a std::vector<tenon::task<page>>
///     use(first.index, first.value);
///
/// Cost          A frame a task, one stop source and one vector.
/// Errors        Of no tasks nobody can win: std::system_error with invalid_argument. When the winner threw, that
///               exception leaves. What the losers gave or threw is dropped.
/// Cancellation  As when_any: the losers are asked to stop and waited for.
template <class T>
[[nodiscard]] detail::any_in<T> when_any(std::vector<task<T>> tasks) {
  return detail::any_in<T>(std::move(tasks));
}

}  // namespace tenon
