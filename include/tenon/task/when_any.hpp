// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/stop_hook.hpp>
#include <tenon/task/detail/branch.hpp>
#include <tenon/task/task.hpp>

#include <coroutine>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <tuple>
#include <utility>
#include <variant>

namespace tenon {

namespace detail {

/// An environment with its own stop source, which follows the one above it.
class linked_environment {
 public:
  void link(const environment& parent) {
    env_.context = parent.context;
    if (parent.stop.stop_possible()) follow_.emplace(parent.stop.get_token(), forward{&env_.stop});
  }
  [[nodiscard]] std::stop_source& source() noexcept { return env_.stop; }
  [[nodiscard]] const environment& env() const noexcept { return env_; }

 private:
  struct forward {
    std::stop_source* to;
    void operator()() const noexcept { to->request_stop(); }
  };

  environment env_{std::stop_source()};
  stop_hook<forward> follow_;
};

template <class... Ts>
class any_of {
 public:
  explicit any_of(task<Ts>&&... tasks) : branches_(branch<Ts>(std::move(tasks))...) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) {
    linked_.link(*environment_of(parent));
    group_.expect(sizeof...(Ts), parent);
    return std::apply([&](auto&... each) { return start_branches(group_, &linked_.env(), each...); }, branches_);
  }
  std::variant<stored_t<Ts>...> await_resume() { return take(std::index_sequence_for<Ts...>()); }

 private:
  template <std::size_t... Is>
  std::variant<stored_t<Ts>...> take(std::index_sequence<Is...>) {
    std::optional<std::variant<stored_t<Ts>...>> won;
    const std::size_t first = group_.first();
    (void)((Is == first && (won.emplace(std::in_place_index<Is>, std::get<Is>(branches_).take()), true)) || ...);
    return std::move(*won);
  }

  linked_environment linked_;
  branch_race group_{linked_.source()};
  std::tuple<branch<Ts>...> branches_;
};

}  // namespace detail

/// Runs tasks side by side; the first to end wins, the others are asked to stop, and all are waited for.
///
///     auto first = co_await tenon::when_any(read(a), read(b));   // std::variant; index() says who won
///
/// Shape         A std::variant with an alternative an argument, in order; std::monostate stands for void.
/// Cost          A frame a task and one stop source.
/// Threads       As when_all.
/// Errors        When the winner threw, that exception leaves. What the losers gave or threw is dropped.
/// Cancellation  A stop request from above reaches all of them. A task that takes no notice of its token delays the
///               end: nothing is ever left behind running.
template <class First, class... Rest>
[[nodiscard]] detail::any_of<First, Rest...> when_any(task<First> first, task<Rest>... rest) {
  return detail::any_of<First, Rest...>(std::move(first), std::move(rest)...);
}

}  // namespace tenon
