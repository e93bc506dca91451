// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>

namespace tenon::detail::weaving {

/// The runtime whose workers run a stage, where it is not that of the fabric.
template <class R>
struct domain_option {
  R* runtime = nullptr;
};

/// The first domain among a stage's options, or void.
template <class... Options>
struct domain_said {
  using type = void;
};
template <class First, class... Rest>
struct domain_said<First, Rest...> : domain_said<Rest...> {};
template <class R, class... Rest>
struct domain_said<domain_option<R>, Rest...> {
  using type = R;
};

/// The runtime of a stage in a fabric on R.
template <class Said, class R>
using runtime_or = std::conditional_t<std::is_void_v<Said>, R, Said>;

}  // namespace tenon::detail::weaving
