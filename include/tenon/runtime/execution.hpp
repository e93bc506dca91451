// SPDX-License-Identifier: BSL-1.0
#pragma once

#if defined(TENON_WITH_STDEXEC) && TENON_WITH_STDEXEC
#include <stdexec/execution.hpp>
#else
#include <concepts>
#include <type_traits>
#include <utility>
#endif

/// The words of std::execution (C++26, P2300) that our scheduler and our awaiting receiver are spelled with: tags,
/// customisation points that call members, and what a completion signature is.
///
/// With the door TENON_WITH_STDEXEC open they are those of <stdexec/execution.hpp>, so that all its algorithms take our
/// scheduler and all its senders can be awaited. Without it they are ours, a hundred lines: enough to write a sender or
/// a receiver against, and no algorithms. Open the door in every translation unit of a program or in none.
namespace tenon::execution {

#if defined(TENON_WITH_STDEXEC) && TENON_WITH_STDEXEC

using sender_tag = ::stdexec::sender_t;
using receiver_tag = ::stdexec::receiver_t;
using operation_state_tag = ::stdexec::operation_state_t;
using scheduler_tag = ::stdexec::scheduler_t;
using ::stdexec::completion_signatures;
using ::stdexec::completion_signatures_of_t;
using ::stdexec::connect;
using ::stdexec::connect_t;
using ::stdexec::forward_progress_guarantee;
using ::stdexec::get_completion_scheduler;
using ::stdexec::get_completion_scheduler_t;
using ::stdexec::get_env;
using ::stdexec::get_env_t;
using ::stdexec::get_forward_progress_guarantee;
using ::stdexec::get_forward_progress_guarantee_t;
using ::stdexec::get_stop_token;
using ::stdexec::get_stop_token_t;
using ::stdexec::operation_state;
using ::stdexec::receiver;
using ::stdexec::schedule;
using ::stdexec::schedule_t;
using ::stdexec::scheduler;
using ::stdexec::sender;
using ::stdexec::set_error;
using ::stdexec::set_error_t;
using ::stdexec::set_stopped;
using ::stdexec::set_stopped_t;
using ::stdexec::set_value;
using ::stdexec::set_value_t;
using ::stdexec::start;
using ::stdexec::start_t;

#else

struct sender_tag {};
struct receiver_tag {};
struct operation_state_tag {};
struct scheduler_tag {};

/// How a sender may complete: `completion_signatures<set_value_t(int), set_error_t(std::error_code), set_stopped_t()>`.
template <class... Signatures>
struct completion_signatures {};

struct set_value_t {
  template <class Receiver, class... Values>
  void operator()(Receiver&& to, Values&&... values) const noexcept {
    std::forward<Receiver>(to).set_value(std::forward<Values>(values)...);
  }
};
struct set_error_t {
  template <class Receiver, class Error>
  void operator()(Receiver&& to, Error&& error) const noexcept {
    std::forward<Receiver>(to).set_error(std::forward<Error>(error));
  }
};
struct set_stopped_t {
  template <class Receiver>
  void operator()(Receiver&& to) const noexcept {
    std::forward<Receiver>(to).set_stopped();
  }
};
struct connect_t {
  template <class Sender, class Receiver>
  [[nodiscard]] auto operator()(Sender&& from, Receiver&& to) const
      -> decltype(std::forward<Sender>(from).connect(std::forward<Receiver>(to))) {
    return std::forward<Sender>(from).connect(std::forward<Receiver>(to));
  }
};
struct start_t {
  template <class Operation>
  void operator()(Operation& operation) const noexcept {
    operation.start();
  }
};
struct schedule_t {
  template <class Scheduler>
  [[nodiscard]] auto operator()(Scheduler&& on) const -> decltype(std::forward<Scheduler>(on).schedule()) {
    return std::forward<Scheduler>(on).schedule();
  }
};

/// What is known of a sender or of a receiver where nothing is.
struct no_env {};

struct get_env_t {
  template <class Queried>
  [[nodiscard]] auto operator()(const Queried& of) const noexcept {
    if constexpr (requires { of.get_env(); }) {
      return of.get_env();
    } else {
      return no_env();
    }
  }
};

/// The token of a receiver that is never asked to stop.
struct never_stop_token {
  [[nodiscard]] static constexpr bool stop_requested() noexcept { return false; }
  [[nodiscard]] static constexpr bool stop_possible() noexcept { return false; }
  bool operator==(const never_stop_token&) const = default;
};

struct get_stop_token_t {
  template <class Env>
  [[nodiscard]] auto operator()(const Env& env) const noexcept {
    if constexpr (requires { env.query(*this); }) {
      return env.query(*this);
    } else {
      return never_stop_token();
    }
  }
};
template <class Completion>
struct get_completion_scheduler_t {
  template <class Env>
  [[nodiscard]] auto operator()(const Env& env) const noexcept -> decltype(env.query(*this)) {
    return env.query(*this);
  }
};

enum class forward_progress_guarantee : unsigned char { concurrent, parallel, weakly_parallel };

struct get_forward_progress_guarantee_t {
  template <class Scheduler>
  [[nodiscard]] constexpr forward_progress_guarantee operator()(const Scheduler& of) const noexcept {
    if constexpr (requires { of.query(*this); }) {
      return of.query(*this);
    } else {
      return forward_progress_guarantee::weakly_parallel;
    }
  }
};

inline constexpr set_value_t set_value{};
inline constexpr set_error_t set_error{};
inline constexpr set_stopped_t set_stopped{};
inline constexpr connect_t connect{};
inline constexpr start_t start{};
inline constexpr schedule_t schedule{};
inline constexpr get_env_t get_env{};
inline constexpr get_stop_token_t get_stop_token{};
template <class Completion>
inline constexpr get_completion_scheduler_t<Completion> get_completion_scheduler{};
inline constexpr get_forward_progress_guarantee_t get_forward_progress_guarantee{};

template <class S>
concept sender = std::derived_from<typename std::remove_cvref_t<S>::sender_concept, sender_tag> &&
                 std::move_constructible<std::remove_cvref_t<S>>;
template <class R>
concept receiver = std::derived_from<typename std::remove_cvref_t<R>::receiver_concept, receiver_tag> &&
                   std::move_constructible<std::remove_cvref_t<R>>;
template <class O>
concept operation_state =
    std::derived_from<typename O::operation_state_concept, operation_state_tag> && requires(O& operation) {
      { operation.start() } noexcept;
    };
template <class S>
concept scheduler =
    std::derived_from<typename std::remove_cvref_t<S>::scheduler_concept, scheduler_tag> &&
    std::equality_comparable<std::remove_cvref_t<S>> && std::copyable<std::remove_cvref_t<S>> && requires(S&& on) {
      { std::forward<S>(on).schedule() } -> sender;
    };

/// How a sender says it may complete: by the member type of that name. `Env` is for those of whom it depends on that.
template <class Sender, class Env = no_env>
using completion_signatures_of_t = typename std::remove_cvref_t<Sender>::completion_signatures;

#endif

}  // namespace tenon::execution
