// SPDX-License-Identifier: BSL-1.0
#pragma once

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
  [[nodiscard]] std::stop_token await_resume() const noexcept { return env_->stop; }
};

class asks_stop_requested : public asks_environment {
 public:
  [[nodiscard]] bool await_resume() const noexcept { return env_->stop.stop_requested(); }
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

}  // namespace tenon::this_task
