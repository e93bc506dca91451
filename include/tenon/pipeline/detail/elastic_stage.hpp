// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/pipeline/detail/signature.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// The most workers an elastic stage may have.
inline constexpr std::size_t most_elastic = 1024;

template <std::size_t Min, std::size_t Max>
struct elastic_option {
  static_assert(Min >= 1 && Min <= Max && Max <= most_elastic,
                "tenon::workers<Min, Max>: 1 <= Min <= Max <= 1024 does not hold");
};

// What is said of time, at run time.
struct idle_after_option {
  duration time = std::chrono::seconds(30);
};
struct task_timeout_option {
  duration time = duration::max();
};
struct grace_option {
  duration time = std::chrono::seconds(1);
};

template <class Option>
inline constexpr bool says_of_time = std::same_as<Option, idle_after_option> ||
                                     std::same_as<Option, task_timeout_option> || std::same_as<Option, grace_option>;

/// Those of a stage's options that are more than a type. `get` gives the one asked for, or what stands where none was.
template <class... Options>
struct kept_options {
  template <class T>
  [[nodiscard]] constexpr T get(std::type_identity<T>) const noexcept {
    return T{};
  }
};
template <class First, class... Rest>
struct kept_options<First, Rest...> : kept_options<Rest...> {
  constexpr kept_options() = default;
  constexpr explicit kept_options(First /*type*/, Rest... rest) noexcept : kept_options<Rest...>(rest...) {}
};
template <class First, class... Rest>
  requires(!std::is_empty_v<First>)
struct kept_options<First, Rest...> : kept_options<Rest...> {
  constexpr kept_options() = default;
  constexpr explicit kept_options(First mine, Rest... rest) noexcept : kept_options<Rest...>(rest...), kept(mine) {}

  using kept_options<Rest...>::get;
  [[nodiscard]] constexpr First get(std::type_identity<First>) const noexcept { return kept; }

  First kept;
};

/// What a coroutine gives that is awaited once: tenon::task, without its header.
template <class T>
concept gives_later = requires(T later) {
  typename T::value_type;
  { std::move(later).operator co_await() };
};

template <class T>
struct in_the_end {
  using type = T;
};
template <gives_later T>
struct in_the_end<T> {
  using type = typename T::value_type;
};

/// A function that only workers of an elastic stage can call, as the pipeline sees it: of what it takes, it gives a
/// value. `later`: it is a coroutine. `hears`: it takes a std::stop_token, the last argument.
template <class F, class X>
class elastic_function {
 public:
  static constexpr bool hears = !std::is_invocable_v<const F&, X>;

 private:
  static auto call_type() {
    if constexpr (hears) {
      return std::invoke_result<const F&, X, std::stop_token>{};
    } else {
      return std::invoke_result<const F&, X>{};
    }
  }

 public:
  using given = typename decltype(call_type())::type;
  static constexpr bool later = gives_later<given>;

  constexpr explicit elastic_function(F callable) : function_(std::move(callable)) {}

  /// For its type: this stage has a queue before it, and so is never called as a part of a function.
  typename in_the_end<given>::type operator()(X x) const {
    if constexpr (later) {
      std::terminate();
    } else {
      return call(std::forward<X>(x), {});
    }
  }

  template <class Y>
  [[nodiscard]] given call(Y&& y, [[maybe_unused]] const std::stop_token& stop) const {
    if constexpr (hears) {
      return function_(std::forward<Y>(y), stop);
    } else {
      return function_(std::forward<Y>(y));
    }
  }

 private:
  [[no_unique_address]] F function_;
};

/// How a stage keeps its function: as it is, or as an elastic one where it can be called in no other way.
template <class F, class X>
struct kept_function {
  using type = F;
};
template <class F, class X>
  requires(!std::is_same_v<X, any_type> &&
           (std::is_invocable_v<const F&, X, std::stop_token> && !std::is_invocable_v<const F&, X>))
struct kept_function<F, X> {
  using type = elastic_function<F, X>;
};
template <class F, class X>
  requires(!std::is_same_v<X, any_type> && gives_later<typename given_by<F, X>::type>)
struct kept_function<F, X> {
  using type = elastic_function<F, X>;
};

template <class F>
struct elastic_traits {
  static constexpr bool later = false, hears = false;
};
template <class F, class X>
struct elastic_traits<elastic_function<F, X>> {
  static constexpr bool later = elastic_function<F, X>::later, hears = elastic_function<F, X>::hears;
};

/// Calls a stage's function for real.
template <class F, class Y>
[[nodiscard]] decltype(auto) call_elastic(const F& function, Y&& y, const std::stop_token& /*stop*/) {
  return function(std::forward<Y>(y));
}
template <class F, class X, class Y>
[[nodiscard]] decltype(auto) call_elastic(const elastic_function<F, X>& function, Y&& y, const std::stop_token& stop) {
  return function.call(std::forward<Y>(y), stop);
}

}  // namespace tenon::detail::weaving
