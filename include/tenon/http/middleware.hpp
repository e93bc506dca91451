// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/context.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/route.hpp>
#include <tenon/http/status.hpp>

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tenon::http {

/// What went wrong with a request before, or instead of, a handler's answer.
struct failure {
  http::status status = http::status::internal_server_error;
  /// The status' words, or what() of an exception: for a log, and not for the client.
  std::string_view what{};
};

/// A stage that sees each request before its handler does, and may answer in its place.
///
///     http::before([](http::context& c) -> std::optional<http::response> {
///       if (c.request().headers.contains("authorization")) return std::nullopt;
///       return c.error(http::status::unauthorized);
///     })
///
/// Shape    Stages run in the order in which the application names them; one that gives nothing (void) lets all
///          through.
template <class Act>
class before {
 public:
  static constexpr detail::part kind = detail::part::before;
  static_assert(std::is_invocable_v<const Act&, context&>,
                "tenon::http::before: the stage is called with http::context&; take that");

  constexpr explicit before(Act act) : act_(std::move(act)) {}
  [[nodiscard]] std::optional<response> operator()(context& c) const {
    if constexpr (std::is_void_v<std::invoke_result_t<const Act&, context&>>) {
      act_(c);
      return std::nullopt;
    } else {
      return act_(c);
    }
  }

 private:
  Act act_;
};

/// A stage that sees each answer before it is written, and may change it; of one that is streamed, the head.
///
///     http::after([](const http::context&, http::response& r) { (void)r.headers.add("Server", "tenon"); })
template <class Act>
class after {
 public:
  static constexpr detail::part kind = detail::part::after;
  static_assert(std::is_invocable_v<const Act&, const context&, response&>,
                "tenon::http::after: the stage is called with const http::context& and http::response&; take these");

  constexpr explicit after(Act act) : act_(std::move(act)) {}
  void operator()(const context& c, response& reply) const { act_(c, reply); }

 private:
  Act act_;
};

/// The stage that says what is answered when a request is refused (400, 404, 405, 408, 413, ...), or its handler threw
/// or did not answer (500). One an application.
///
///     http::on_error([](http::context& c, const http::failure& why) {
///       return c.json("{\"error\":", http::quoted(reason(why.status)), "}");
///     })
///
/// Shape    The answer has the failure's status unless the stage gives it another than 200.
template <class Act>
class on_error {
 public:
  static constexpr detail::part kind = detail::part::on_error;
  static_assert(std::is_invocable_r_v<response, const Act&, context&, const failure&>,
                "tenon::http::on_error: the stage takes http::context& and const http::failure& and gives an "
                "http::response; write it so");

  constexpr explicit on_error(Act act) : act_(std::move(act)) {}
  [[nodiscard]] response operator()(context& c, const failure& why) const {
    response reply = act_(c, why);
    if (reply.status == status::ok) reply.status = why.status;
    return reply;
  }

 private:
  Act act_;
};

/// A stage that sees each request when it has been answered, with its times: for access logs and metrics.
///
///     http::on_answered([](const http::context& c) { log(c.request().path, c.status(), c.answered_bytes()); })
///
/// Cost     Naming one has the clock read four times a request.
template <class Act>
class on_answered {
 public:
  static constexpr detail::part kind = detail::part::on_answered;
  static_assert(std::is_invocable_v<const Act&, const context&>,
                "tenon::http::on_answered: the stage is called with const http::context&; take that");

  constexpr explicit on_answered(Act act) : act_(std::move(act)) {}
  void operator()(const context& c) const { act_(c); }

 private:
  Act act_;
};

}  // namespace tenon::http
