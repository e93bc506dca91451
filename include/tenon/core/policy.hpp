// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>
#include <type_traits>

namespace tenon {

/// The families a runtime is made of. A policy names its family by deriving from one of these, publicly.
///
///     struct my_backend : tenon::family::backend {
///       static constexpr auto word = tenon::fixed_string("my_backend");
///       template <class Threading> class loop { /* ... */ };
///     };
namespace family {
struct backend {
  using family = backend;
};
struct scheduling {
  using family = scheduling;
};
struct memory {
  using family = memory;
};
struct queue {
  using family = queue;
};
struct topology {
  using family = topology;
};
struct threading {
  using family = threading;
};
struct observe {
  using family = observe;
};
struct clock {
  using family = clock;
};
struct errors {
  using family = errors;
};
struct context {
  using family = context;
};
}  // namespace family

namespace detail {

template <class P>
concept complete = requires { sizeof(P); };

template <class P>
concept names_family = requires { typename P::family; } && std::is_base_of_v<typename P::family, P>;

}  // namespace detail

/// A policy: an empty class that derives from one family and carries its `word`, the way it is spelled in a sentence.
template <class P>
concept policy =
    detail::complete<P> && detail::names_family<P> && std::is_empty_v<P> && requires { std::string_view{P::word}; };

/// A policy of one given family.
template <class P, class Family>
concept policy_of = policy<P> && std::is_same_v<typename P::family, Family>;

}  // namespace tenon
