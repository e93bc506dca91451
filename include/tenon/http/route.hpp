// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/http/context.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/response.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tenon::http {

namespace detail {

/// What the parts of an application are.
enum class part { route, before, after, on_error, on_answered, coding };

template <fixed_string Pattern>
inline constexpr bool begins_with_slash = Pattern.view().starts_with('/');

}  // namespace detail

/// One path of an application, and what answers it.
///
///     http::get<"/users/{id}">(user)              // response user(http::context&)
///     http::post<"/upload">(upload)               // task<void> upload(http::exchange<edge::tcp_stream>&)
///     http::route<http::method::put, "/x">(...)   // the same, spelled out
///
/// Shape    The handler is a function or a lambda, kept by value. It is called with a context&, and gives a response or
///          what is turned into a text. Or it is a coroutine: it is called with an exchange&, or with a context& and an
///          exchange&, and gives a task<void>.
///          The pattern is `router`'s.
template <method Method, fixed_string Pattern, class Handler>
class route_to {
 public:
  static constexpr detail::part kind = detail::part::route;
  static constexpr http::method asked = Method;
  static constexpr std::string_view pattern() noexcept { return text; }

  static_assert(detail::begins_with_slash<Pattern>,
                "tenon::http::route: a pattern begins with '/'; write \"/users\", not \"users\"");

  constexpr explicit route_to(Handler handler) : handler_(std::move(handler)) {}

  /// Whether a coroutine answers.
  static constexpr bool is_streamed = !std::is_invocable_v<const Handler&, context&>;

  /// Whether it can be called at all, where a coroutine is given an Exchange.
  template <class Exchange>
  static constexpr bool takes = !is_streamed || std::is_invocable_v<const Handler&, Exchange&> ||
                                std::is_invocable_v<const Handler&, context&, Exchange&>;

  [[nodiscard]] response operator()(context& c) const {
    if constexpr (std::same_as<std::invoke_result_t<const Handler&, context&>, response>) {
      return handler_(c);
    } else {
      return c.text(handler_(c));
    }
  }
  template <class Exchange>
  [[nodiscard]] auto operator()(context& c, Exchange& one) const {
    if constexpr (std::is_invocable_v<const Handler&, context&, Exchange&>) {
      return handler_(c, one);
    } else {
      static_assert(
          std::is_invocable_v<const Handler&, Exchange&>,
          "tenon::http::route: a handler takes http::context&, http::exchange<Stream>&, or both, where Stream "
          "is what the server accepts; write it so");
      return handler_(one);
    }
  }

 private:
  static constexpr auto text = Pattern;
  Handler handler_;
};

namespace detail {

/// Whether a part of an application is a route that a coroutine answers.
template <class Part>
inline constexpr bool is_streamed_part = false;
template <method Method, fixed_string Pattern, class Handler>
inline constexpr bool is_streamed_part<route_to<Method, Pattern, Handler>> =
    route_to<Method, Pattern, Handler>::is_streamed;
template <class Part, class Exchange>
inline constexpr bool takes_exchange = true;
template <method Method, fixed_string Pattern, class Handler, class Exchange>
inline constexpr bool takes_exchange<route_to<Method, Pattern, Handler>, Exchange> =
    route_to<Method, Pattern, Handler>::template takes<Exchange>;

}  // namespace detail

/// See route_to.
template <method Method, fixed_string Pattern, class Handler>
[[nodiscard]] constexpr auto route(Handler handler) {
  return route_to<Method, Pattern, Handler>(std::move(handler));
}
template <fixed_string Pattern, class Handler>
[[nodiscard]] constexpr auto get(Handler handler) {
  return route_to<method::get, Pattern, Handler>(std::move(handler));
}
template <fixed_string Pattern, class Handler>
[[nodiscard]] constexpr auto post(Handler handler) {
  return route_to<method::post, Pattern, Handler>(std::move(handler));
}
template <fixed_string Pattern, class Handler>
[[nodiscard]] constexpr auto put(Handler handler) {
  return route_to<method::put, Pattern, Handler>(std::move(handler));
}
template <fixed_string Pattern, class Handler>
[[nodiscard]] constexpr auto patch(Handler handler) {
  return route_to<method::patch, Pattern, Handler>(std::move(handler));
}
template <fixed_string Pattern, class Handler>
// NOLINTNEXTLINE(readability-identifier-naming): as method::delete_, for delete is a keyword
[[nodiscard]] constexpr auto delete_(Handler handler) {
  return route_to<method::delete_, Pattern, Handler>(std::move(handler));
}

}  // namespace tenon::http
