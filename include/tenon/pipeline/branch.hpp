// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/pipeline/detail/dispatch.hpp>

#include <cassert>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace tenon {

/// A stage's function that sends each alternative of a std::variant its own way, and merges what comes of them.
///
///     constexpr auto answer = tenon::pipeline(
///         tenon::stage<"parse">(parse),                                   // std::variant<query, command, refused>
///         tenon::stage<"kind">(tenon::branch(look_up, tenon::pipeline(check, execute), tenon::pipeline(explain))),
///         tenon::stage<"respond">(respond));
///
/// Shape    A function for each alternative, in their order; a pipeline without queues is one. The results are of one
///          type, and that is what comes out; or of several, and a std::variant of those comes out, each once, in the
///          order in which they first appear; or all of them are nothing.
/// Cost     A switch. The functions are inlined where the compiler would inline them in a switch by hand.
/// Threads  Any, as far as the functions allow.
/// Errors   A number of functions that is not that of the alternatives does not compile, nor one that cannot take its
///          own. A variant that holds nothing is a mistake of the program.
/// Queues   A branch with queues of its own is a tenon::fabric, which a stage whose function is a coroutine submits to.
template <class... Functions>
class branch {
  template <class Variant>
  struct ways;
  template <class... As>
  struct ways<std::variant<As...>> {
    static constexpr bool one_each = sizeof...(As) == sizeof...(Functions);
    template <bool>
    struct matched {
      static constexpr bool fits = false;
    };
    template <bool OneEach>
      requires(OneEach)
    struct matched<OneEach> {
      static constexpr bool fits = (std::is_invocable_v<const Functions&, As> && ...);
    };
    static constexpr bool fits = matched<one_each>::fits;

    template <class... Results>
    static auto merged(detail::weaving::types_of<Results...>) -> std::variant<Results...>;
    template <class Result>
    static auto merged(detail::weaving::types_of<Result>) -> Result;

    static auto result() {
      if constexpr ((std::is_void_v<std::invoke_result_t<const Functions&, As>> && ...)) {
        return std::type_identity<void>{};
      } else {
        static_assert((!std::is_void_v<std::invoke_result_t<const Functions&, As>> && ...),
                      "tenon::branch: some branches give nothing and others a value; let all give one, or none");
        return std::type_identity<decltype(merged(
            typename detail::weaving::distinct<
                detail::weaving::types_of<>, std::decay_t<std::invoke_result_t<const Functions&, As>>...>::type{}))>{};
      }
    }
  };
  template <class Variant>
  struct checked : ways<Variant> {
    static_assert(
        ways<Variant>::one_each,
        "tenon::branch: the number of branches is not that of the variant's alternatives; write one for each, "
        "in their order");
    static_assert(!ways<Variant>::one_each || ways<Variant>::fits,
                  "tenon::branch: a branch cannot be called with the alternative that stands at its place; put them in "
                  "the order of the alternatives, and let each take its own");
  };

 public:
  constexpr explicit branch(Functions... in_order) : functions_(std::move(in_order)...) {}

  template <class... As>
  constexpr auto operator()(std::variant<As...>&& item) const {
    return send(std::move(item));
  }
  template <class... As>
  constexpr auto operator()(const std::variant<As...>& item) const {
    return send(item);
  }

 private:
  template <class Variant>
  constexpr auto send(Variant&& item) const {
    using all = checked<std::remove_cvref_t<Variant>>;
    if constexpr (all::fits) {
      using result = typename decltype(all::result())::type;
      assert(!item.valueless_by_exception());
      return detail::weaving::at_index<sizeof...(Functions)>(item.index(), [&](auto index) -> result {
        const auto& function = std::get<index>(functions_);
        if constexpr (std::is_lvalue_reference_v<Variant>) {
          return static_cast<result>(function(*std::get_if<index>(&item)));
        } else {
          return static_cast<result>(function(std::move(*std::get_if<index>(&item))));
        }
      });
    }
  }

  std::tuple<Functions...> functions_;
};

}  // namespace tenon
