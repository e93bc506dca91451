// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/context.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/this_task.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// Sets one thing that a task carries, if tasks of R can.
template <class R, class T>
void say_in(typename R::context::values& carried, const T& said) noexcept {
  if constexpr (std::is_same_v<T, level>) {
    static_assert(R::has_levels,
                  "tenon::level: the scheduling of this runtime knows no levels; write priority<3> in its sentence, or "
                  "leave out the level");
    carried.set(said);
  } else {
    static_assert(R::context::template has_slot<T>,
                  "tenon::context<...>: this runtime carries no slot of this type; name it in context<...> in its "
                  "sentence");
    if constexpr (R::context::template has_slot<T>) carried.set(said);
  }
}

/// Awaits a task in another environment than that of the coroutine that awaits.
template <class T>
class awaits_in {
 public:
  awaits_in(task<T>& body, const environment& env) noexcept : child_(std::move(body).operator co_await()), env_(env) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
    return child_.start(parent, env_);
  }
  [[nodiscard]] T await_resume() { return child_.await_resume(); }

 private:
  typename task<T>::awaiter child_;
  const environment& env_;
};

}  // namespace detail

/// Runs a task with something changed in what it carries: slots of R's context, or the level of its work.
///
///     co_await tenon::with_context<edge>(handle(request), tenant{7}, tenon::level{0});
///
/// Shape    A task, which gives what the body gives. The body, and all that it awaits, sees what the awaiting task
///          carries, with the changes; the awaiting task and its other children see nothing of them.
/// Cost     One frame, and the slots copied once.
/// Errors   A slot that R does not name, and a level where the scheduling has none, do not compile.
/// Cancellation  A stop request from above reaches the body.
template <class R, class T, class... Said>
[[nodiscard]] task<T> with_context(task<T> body, Said... said) {
  environment env = co_await this_task::detail::asks_whole();
  typename R::context::values carried(env.context);
  (detail::say_in<R>(carried, said), ...);
  env.context = &carried;
  co_return co_await detail::awaits_in<T>(body, env);
}

/// A context to start a task with: what `from` carries, with changes.
///
///     rt.spawn(tenon::context_for<edge>(co_await tenon::this_task::context(), tenon::level{2}), sweep);
template <class R, class... Said>
[[nodiscard]] typename R::context::values context_for(const any_context& from, const Said&... said) noexcept {
  typename R::context::values carried(&from);
  (detail::say_in<R>(carried, said), ...);
  return carried;
}

/// The same, made of nothing but what is said.
template <class R, class... Said>
  requires(!(std::is_base_of_v<any_context, Said> || ...))
[[nodiscard]] typename R::context::values context_for(const Said&... said) noexcept {
  return tenon::context_for<R>(any_context(), said...);
}

}  // namespace tenon
