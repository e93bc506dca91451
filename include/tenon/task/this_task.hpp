// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/context.hpp>
#include <tenon/core/environment.hpp>

#include <coroutine>
#include <stop_token>

namespace tenon::this_task {

namespace detail {

class asks_environment {
 public:
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> asking) noexcept {
    env_ = tenon::detail::environment_of(asking);
    return false;
  }

 protected:
  const environment* env_ = nullptr;
};

class asks_stop_token : public asks_environment {
 public:
  [[nodiscard]] std::stop_token await_resume() const noexcept { return env_->stop.get_token(); }
};

class asks_stop_requested : public asks_environment {
 public:
  [[nodiscard]] bool await_resume() const noexcept { return env_->stop.stop_requested(); }
};

class asks_whole : public asks_environment {
 public:
  [[nodiscard]] const environment& await_resume() const noexcept { return *env_; }
};

class asks_context : public asks_environment {
 public:
  [[nodiscard]] const any_context& await_resume() const noexcept {
    static constexpr any_context nothing;
    return env_->context != nullptr ? *env_->context : nothing;
  }
};

template <class Slot>
class asks_slot : public asks_environment {
 public:
  [[nodiscard]] Slot await_resume() const noexcept {
    return env_->context != nullptr ? env_->context->template get<Slot>() : Slot{};
  }
};
template <>
class asks_slot<level> : public asks_environment {
 public:
  [[nodiscard]] level await_resume() const noexcept { return env_->level(); }
};

}  // namespace detail

/// The token that asks the running coroutine to stop: `std::stop_token stop = co_await tenon::this_task::stop_token();`
///
/// Cost  Does not suspend.
[[nodiscard]] inline detail::asks_stop_token stop_token() noexcept { return {}; }

/// Whether the running coroutine has been asked to stop: `const bool over = co_await
/// tenon::this_task::stop_requested();`
///
/// Cost  Does not suspend; one atomic load.
[[nodiscard]] inline detail::asks_stop_requested stop_requested() noexcept { return {}; }

/// What the running coroutine carries, to start another task with: valid as long as this one runs.
///
///     rt.spawn(co_await tenon::this_task::context(), audit, order);
///
/// Cost  Does not suspend.
[[nodiscard]] inline detail::asks_context context() noexcept { return {}; }

/// One slot of it: `const tenant who = co_await tenon::this_task::slot<tenant>();` A default Slot where nothing of that
/// type is carried. Its level is the slot `tenon::level`.
///
/// Cost  Does not suspend; one comparison a slot that the runtime names.
template <class Slot>
[[nodiscard]] detail::asks_slot<Slot> slot() noexcept {
  return {};
}

}  // namespace tenon::this_task
