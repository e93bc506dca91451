// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/context.hpp>
#include <tenon/http/exchange.hpp>
#include <tenon/http/middleware.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/route.hpp>
#include <tenon/http/router.hpp>
#include <tenon/task/task.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

namespace tenon::http {

namespace detail {

/// What a server keeps for the stage that codes: nothing without one.
template <class Threading, class... Parts>
struct coders_of {
  struct type {};
};
template <class Threading, class First, class... Rest>
struct coders_of<Threading, First, Rest...> : coders_of<Threading, Rest...> {};
template <class Threading, class First, class... Rest>
  requires(First::kind == part::coding)
struct coders_of<Threading, First, Rest...> {
  using type = typename First::template coders<Threading>;
};

}  // namespace detail

/// What a program answers: routes with their handlers, and stages around all of them, as one value.
///
///     constexpr http::application pages(
///         http::get<"/">([](http::context& c) { return c.text("Hello, World!"); }),
///         http::get<"/users/{id}">(user),
///         http::post<"/upload">(upload),
///         http::on_answered(note));
///     http::server site(rt, pages);
///
/// Shape    The parts, in any order; which is what is known by their types. Routes are found whatever their order, as
///          `router` says; stages of a kind run in theirs.
/// Cost     Calls of functions that the compiler sees. What is not named is not there.
/// Threads  Handlers and stages are called from all workers at once: what they share is theirs to guard.
/// Errors   Two on_error stages do not compile. Two routes that match the same throw when a server is made of it.
template <class... Parts>
class application {
 public:
  constexpr explicit application(Parts... parts) : parts_(std::move(parts)...) {}

  [[nodiscard]] static constexpr std::size_t count(detail::part kind) noexcept {
    return (std::size_t{Parts::kind == kind} + ... + std::size_t{0});
  }
  /// Whether a coroutine answers any of it, and whether requests have times and numbers.
  static constexpr bool has_streamed = (detail::is_streamed_part<Parts> || ...);
  /// Whether each handler can be called at a door that accepts Streams.
  template <class Stream>
  static constexpr bool takes = (detail::takes_exchange<Parts, exchange<Stream>> && ...);
  static constexpr bool is_timed = count(detail::part::on_answered) != 0;
  static constexpr bool has_guards = count(detail::part::before) != 0;
  static constexpr bool changes_heads = count(detail::part::after) != 0;
  static constexpr bool codes = count(detail::part::coding) != 0;
  template <class Threading>
  using coders = typename detail::coders_of<Threading, Parts...>::type;

  static_assert(count(detail::part::on_error) < 2,
                "tenon::http::application: two on_error stages; join them, for one answer is given");
  static_assert(count(detail::part::coding) < 2,
                "tenon::http::application: two coded_as stages; name all codings in one, the best first");

  /// A route as the router holds it: how to call it, and its place among the parts.
  struct target {
    response (*plain)(const application&, context&) = nullptr;  // null when a coroutine answers
    std::uint16_t index = 0;
  };

  /// Adds all routes.
  void add_to(router<target>& routes) const { add_all(routes, std::index_sequence_for<Parts...>()); }

  /// The coroutine that answers.
  template <class Stream>
  [[nodiscard]] task<void> stream(std::uint16_t index, context& c, exchange<Stream>& one) const {
    static constexpr auto calls = streamed_calls<Stream>(std::index_sequence_for<Parts...>());
    return calls[index](*this, c, one);
  }

  [[nodiscard]] std::optional<response> run_before(context& c) const {
    std::optional<response> early;
    each<detail::part::before>([&](const auto& stage) {
      if (!early) early = stage(c);
    });
    return early;
  }
  void run_after(const context& c, response& reply) const {
    each<detail::part::after>([&](const auto& stage) { stage(c, reply); });
  }
  /// The stage that codes; `spare` is what the server keeps for it.
  template <class Coders>
  void run_coding(const context& c, response& reply, Coders& spare, buffer& room) const {
    each<detail::part::coding>([&](const auto& stage) { stage(c.request(), reply, spare, room); });
  }
  /// What codes the answer of one exchange.
  template <class Coders>
  [[nodiscard]] auto coding_of(const request& asked, Coders& spare) const {
    static_assert(codes);
    return std::apply([&](const Parts&... parts) { return coding_of_first(asked, spare, parts...); }, parts_);
  }
  void run_answered(const context& c) const {
    each<detail::part::on_answered>([&](const auto& stage) { stage(c); });
  }
  [[nodiscard]] response run_on_error(context& c, const failure& why) const {
    response reply = error_response(why.status, c.request());
    each<detail::part::on_error>([&](const auto& stage) { reply = stage(c, why); });
    return reply;
  }

 private:
  template <std::size_t I>
  using part_at = std::tuple_element_t<I, std::tuple<Parts...>>;

  template <detail::part Kind, class Act>
  constexpr void each(Act act) const {
    std::apply([&act](const Parts&... parts) { (visit<Kind>(parts, act), ...); }, parts_);
  }
  template <detail::part Kind, class Part, class Act>
  static constexpr void visit(const Part& part, Act& act) {
    if constexpr (Part::kind == Kind) act(part);
  }

  template <class Coders, class First, class... Rest>
  static auto coding_of_first(const request& asked, Coders& spare, const First& first, const Rest&... rest) {
    if constexpr (First::kind == detail::part::coding) {
      return typename First::template pieces<Coders>(first, asked, spare);
    } else {
      return coding_of_first(asked, spare, rest...);
    }
  }

  template <std::size_t... Is>
  void add_all(router<target>& routes, std::index_sequence<Is...> /*all*/) const {
    (add_one<Is>(routes), ...);
  }
  template <std::size_t I>
  static void add_one(router<target>& routes) {
    using part = part_at<I>;
    if constexpr (part::kind == detail::part::route) {
      target made{nullptr, static_cast<std::uint16_t>(I)};
      if constexpr (!part::is_streamed) made.plain = &call<I>;
      routes.add(part::asked, part::pattern(), made).value();
    }
  }
  template <std::size_t I>
  static response call(const application& self, context& c) {
    return std::get<I>(self.parts_)(c);
  }

  template <class Stream>
  using streamed_call = task<void> (*)(const application&, context&, exchange<Stream>&);
  template <class Stream, std::size_t... Is>
  static consteval auto streamed_calls(std::index_sequence<Is...> /*all*/) {
    return std::array<streamed_call<Stream>, sizeof...(Is)>{streamed_at<Stream, Is>()...};
  }
  template <class Stream, std::size_t I>
  static consteval streamed_call<Stream> streamed_at() {
    if constexpr (detail::is_streamed_part<part_at<I>>) {
      return [](const application& self, context& c, exchange<Stream>& one) -> task<void> {
        return std::get<I>(self.parts_)(c, one);
      };
    } else {
      return nullptr;
    }
  }

  std::tuple<Parts...> parts_;
};

}  // namespace tenon::http
