// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/pipeline/detail/again.hpp>

#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace tenon {

/// What a function gives for an item that is to go round once more: see feedback.
template <class T>
struct again {
  T item;
};
template <class T>
again(T) -> again<T>;

namespace detail::weaving {

template <class T>
inline constexpr bool is_again<again<T>> = true;

template <std::size_t N, class... Functions>
class rounds {
  static_assert(N >= 1, "tenon::feedback<N>: N, how often an item goes through, must be at least 1");

  template <class Given>
  struct split {
    static constexpr bool fits = false;
  };
  template <class T, class Out>
  struct split<std::variant<again<T>, Out>> {
    static constexpr bool fits = true;
    static constexpr std::size_t back = 0;
    using out = Out;
  };
  template <class T, class Out>
  struct split<std::variant<Out, again<T>>> {
    static constexpr bool fits = true;
    static constexpr std::size_t back = 1;
    using out = Out;
  };

 public:
  constexpr explicit rounds(Functions... in_order) : functions_(std::move(in_order)...) {}

  template <class X>
  constexpr auto operator()(X&& first) const {
    using given = split<decltype(round(std::forward<X>(first)))>;
    static_assert(given::fits,
                  "tenon::feedback: the last function gives no std::variant<again<T>, U>, and so nothing that goes "
                  "back; let it give that, or leave feedback out");
    if constexpr (given::fits) {
      std::optional<typename given::out> out;
      auto now = round(std::forward<X>(first));
      for (std::size_t n = 1; n < N && now.index() == given::back; ++n) {
        auto item = std::move(std::get_if<given::back>(&now)->item);
        now = round(std::move(item));
      }
      if (now.index() != given::back) out.emplace(std::move(*std::get_if<1 - given::back>(&now)));
      return out;
    }
  }

 private:
  template <std::size_t I = 0, class X>
  constexpr auto round(X&& x) const {
    if constexpr (I + 1 == sizeof...(Functions)) {
      return std::get<I>(functions_)(std::forward<X>(x));
    } else {
      return round<I + 1>(std::get<I>(functions_)(std::forward<X>(x)));
    }
  }

  std::tuple<Functions...> functions_;
};

}  // namespace detail::weaving

/// Functions that an item may go through several times: only where it is asked for, and at most N times.
///
///     // std::variant<tenon::again<guess>, root> judge(improved);
///     constexpr auto solve = tenon::stage<"solve">(tenon::feedback<20>(improve, judge));
///
/// Shape    The last function gives a std::variant of again<T>, whose item the first one takes, and of what comes out.
///          What comes out of the stage is a std::optional: empty for an item that wanted to go round after N times.
/// Cost     A loop.
/// Errors   Elsewhere a stage that gives an again<T> does not compile: nothing goes back by itself.
template <std::size_t N, class... Functions>
[[nodiscard]] constexpr auto feedback(Functions... in_order) {
  return detail::weaving::rounds<N, Functions...>(std::move(in_order)...);
}

}  // namespace tenon
