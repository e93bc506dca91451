// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/runtime/execution.hpp>

#include <atomic>
#include <cassert>
#include <coroutine>
#include <exception>
#include <memory>
#include <new>
#include <stop_token>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

template <class... Values>
struct gives {
  using type = std::tuple<Values...>;
};
template <>
struct gives<> {
  using type = void;
};
template <class Value>
struct gives<Value> {
  using type = Value;
};
struct gives_nothing_yet : gives<> {};
struct gives_this_or_that : gives<> {};

/// What a co_await on a sender gives, read off its completion signatures one by one.
template <class Values, bool Fails, class... Signatures>
struct completions {
  static constexpr bool several = std::is_same_v<Values, gives_this_or_that>;
  using value = typename Values::type;
  using type = std::conditional_t<Fails, result<value>, value>;
};
template <class Values, bool Fails, class... Vs, class... Rest>
struct completions<Values, Fails, execution::set_value_t(Vs...), Rest...>
    : completions<std::conditional_t<std::is_same_v<Values, gives_nothing_yet> ||
                                         std::is_same_v<Values, gives<std::decay_t<Vs>...>>,
                                     gives<std::decay_t<Vs>...>, gives_this_or_that>,
                  Fails, Rest...> {};
template <class Values, bool Fails, class E, class... Rest>
struct completions<Values, Fails, execution::set_error_t(E), Rest...>
    : completions<Values, Fails || std::is_same_v<std::remove_cvref_t<E>, std::error_code>, Rest...> {};
template <class Values, bool Fails, class... Rest>
struct completions<Values, Fails, execution::set_stopped_t(), Rest...> : completions<Values, true, Rest...> {};

template <class Signatures>
struct completions_of;
template <class... Signatures>
struct completions_of<execution::completion_signatures<Signatures...>>
    : completions<gives_nothing_yet, false, Signatures...> {};

/// What a sender that a task awaits may ask of it.
class awaiting_env {
 public:
  explicit awaiting_env(const environment& env) noexcept : env_(&env) {}
  [[nodiscard]] std::stop_token query(execution::get_stop_token_t /*asked*/) const noexcept {
    return env_->stop.get_token();
  }

 private:
  const environment* env_;
};

/// Where the completion of a sender meets the coroutine that awaits it.
///
/// Both sides come to `met_` once, the coroutine when start() has returned and the completion when `out_` is there;
/// whoever comes second makes the coroutine go on. So a sender that completes within start() costs no trip through a
/// queue, and one that completes elsewhere finds the coroutine suspended. The exchange is acquire and release: the
/// second has seen what the first did, the outcome on one side and the end of start() on the other. Whoever comes first
/// touches nothing afterwards, for the second may have freed it.
template <class Result>
class landing {
 public:
  landing() = default;
  landing(const landing&) = delete;
  landing& operator=(const landing&) = delete;

  template <class... Values>
  void land(Values&&... values) noexcept {
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (sizeof...(Values) > 0) {
        out_.set(std::forward<Values>(values)...);
      } else if constexpr (!std::is_void_v<Result>) {
        out_.set(Result());
      }
#if defined(__cpp_exceptions)
    } catch (...) {
      out_.fail(std::current_exception());
    }
#endif
    arrive();
  }
#if defined(__cpp_exceptions)
  void crash(std::exception_ptr error) noexcept {
    out_.fail(std::move(error));
    arrive();
  }
#endif
  [[nodiscard]] awaiting_env env() const noexcept { return awaiting_env(*env_); }

 protected:
  ~landing() = default;

  void settle(std::coroutine_handle<> waiter, const environment& env) noexcept {
    home_ = here().current;
    assert(home_ != nullptr && "tenon::as_awaitable is awaited on a worker of a runtime");
    env_ = &env;
    item_.target = waiter;
  }
  /// After start(): whether the coroutine stays suspended.
  [[nodiscard]] bool departs() noexcept {
    if (!met_.exchange(true, std::memory_order_acq_rel)) return true;
    if (++here().depth < transfer_depth) return false;
    home_->schedule(item_, *env_);  // a loop of senders that are ready at once must not starve I/O
    return true;
  }
  [[nodiscard]] Result take() { return out_.take(); }

 private:
  void arrive() noexcept {
    if (met_.exchange(true, std::memory_order_acq_rel)) home_->post(item_, *env_);
  }

  outcome<Result> out_;
  std::atomic<bool> met_{false};
  loop* home_ = nullptr;
  const environment* env_ = nullptr;
  resumption item_;
};

template <class Value, class Result>
class arriving {
 public:
  using receiver_concept = execution::receiver_tag;

  explicit arriving(landing<Result>& at) noexcept : at_(&at) {}

  template <class... Values>
  void set_value(Values&&... values) && noexcept {
    if constexpr (sizeof...(Values) > 1) {
      at_->land(Value(std::forward<Values>(values)...));
    } else {
      at_->land(std::forward<Values>(values)...);
    }
  }
  template <class Error>
  void set_error(Error&& error) && noexcept {
    using kind = std::remove_cvref_t<Error>;
    if constexpr (std::is_same_v<kind, std::error_code>) {
      at_->land(std::error_code(error));
    } else {
#if defined(__cpp_exceptions)
      if constexpr (std::is_same_v<kind, std::exception_ptr>) {
        at_->crash(std::forward<Error>(error));
      } else {
        at_->crash(std::make_exception_ptr(std::forward<Error>(error)));
      }
#else
      std::terminate();
#endif
    }
  }
  void set_stopped() && noexcept {
    if constexpr (!std::is_same_v<Value, Result>) at_->land(std::make_error_code(std::errc::operation_canceled));
  }
  [[nodiscard]] awaiting_env get_env() const noexcept { return at_->env(); }

 private:
  landing<Result>* at_;
};

template <class Sender>
class awaited_sender
    : landing<typename completions_of<execution::completion_signatures_of_t<Sender, awaiting_env>>::type> {
  using found = completions_of<execution::completion_signatures_of_t<Sender, awaiting_env>>;
  using result_type = typename found::type;
  using receiver = arriving<typename found::value, result_type>;
  using operation = decltype(execution::connect(std::declval<Sender>(), std::declval<receiver>()));

  static_assert(!found::several,
                "tenon::as_awaitable(sender): it completes with this or with that, and a co_await gives one type; make "
                "it one first, by stdexec::into_variant for instance");

 public:
  template <class S>
  explicit awaited_sender(std::in_place_t /*apart from a copy*/, S&& sender) : sender_(std::forward<S>(sender)) {}
  ~awaited_sender() {
    if (connected_) std::destroy_at(std::addressof(operation_));
  }
  awaited_sender(const awaited_sender&) = delete;
  awaited_sender& operator=(const awaited_sender&) = delete;

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    this->settle(waiter, *environment_of(waiter));
    ::new (static_cast<void*>(std::addressof(operation_)))
        operation(execution::connect(std::move(sender_), receiver(*this)));
    connected_ = true;
    execution::start(operation_);
    return this->departs();
  }
  [[nodiscard]] result_type await_resume() { return this->take(); }

 private:
  Sender sender_;
  union {
    operation operation_;
  };
  bool connected_ = false;
};

}  // namespace detail

/// Awaits a sender of std::execution in a task.
///
///     auto sum = co_await tenon::as_awaitable(stdexec::just(1, 2) | stdexec::then(add));        // an int
///     auto n = co_await tenon::as_awaitable(rt.get_scheduler().schedule());                     // a result<void>
///
/// Shape         What set_value gives: void, the value, a std::tuple of several, decayed. A sender that may also end by
///               set_stopped or set_error(std::error_code) gives a result<> of that.
/// Cost          The operation state lies in the coroutine's frame; no allocation, one atomic exchange on each side. A
///               sender that completes within start() does not go through a queue.
/// Threads       Completed wherever, the coroutine goes on at its home: where tasks are bound to workers, on the one
///               that awaited; else on any worker of that runtime. On a single_thread runtime a sender completes there.
/// Errors        set_error(std::error_code) is the error of the result; set_error(std::exception_ptr) is thrown, and so
///               is an error of any other type.
/// Cancellation  The receiver's stop token is that of the task. set_stopped is the error operation_canceled.
template <class Sender>
  requires execution::sender<Sender>
[[nodiscard]] detail::awaited_sender<std::remove_cvref_t<Sender>> as_awaitable(Sender&& sender) {
  return detail::awaited_sender<std::remove_cvref_t<Sender>>(std::in_place, std::forward<Sender>(sender));
}

}  // namespace tenon
