// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon {

/// A stage's function that gives each item to several functions, and what comes of them to the next stage.
///
///     constexpr auto report = tenon::pipeline(
///         tenon::stage<"read">(read),
///         tenon::stage<"all">(tenon::broadcast(word_count, checksum, numbers)),  // gives a std::tuple
///         tenon::stage<"print">(print));
///
/// Shape    The functions; a pipeline without queues is one. What comes out is a std::tuple of their results, in order.
/// Cost     The calls, one after the other, by hand. Each function sees the item as const: one that takes it by value
///          gets a copy, the last one too.
/// Threads  Any, as far as the functions allow.
/// Errors   A function that does not take a const item, or gives nothing, does not compile. What one throws comes out,
///          and those behind it are not called.
/// Queues   Branches with queues of their own are fabrics: a stage whose function is a coroutine submits to each.
template <class... Functions>
class broadcast {
  static_assert(sizeof...(Functions) >= 2, "tenon::broadcast: it needs two branches at least; give it those");

 public:
  constexpr explicit broadcast(Functions... in_order) : functions_(std::move(in_order)...) {}

  template <class X>
  constexpr auto operator()(const X& item) const {
    constexpr bool all_take = (std::is_invocable_v<const Functions&, const X&> && ...);
    static_assert(
        all_take,
        "tenon::broadcast: a branch does not take the item as const, and others are to see it unchanged; take "
        "it by value or const&");
    if constexpr (all_take) {
      constexpr bool all_give = (!std::is_void_v<std::invoke_result_t<const Functions&, const X&>> && ...);
      static_assert(all_give, "tenon::broadcast: a branch gives nothing, which has no place in a tuple; give a value");
      if constexpr (all_give) {
        return std::apply(
            [&](const Functions&... each) {  // in braces, so that they are called in order
              return std::tuple<std::decay_t<std::invoke_result_t<const Functions&, const X&>>...>{each(item)...};
            },
            functions_);
      }
    }
  }

 private:
  std::tuple<Functions...> functions_;
};

}  // namespace tenon
