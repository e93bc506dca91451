// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>

#include <concepts>
#include <exception>

namespace tenon {

/// An exception that leaves a detached task stops the runtime and comes out of run(); the first one wins. The default.
struct propagate : family::errors {
  static constexpr auto word = fixed_string("propagate");
  static constexpr bool rethrows = true;
};

/// An exception that leaves a detached task ends the program, where it was thrown, with the stack still there to look
/// at.
struct terminate : family::errors {
  static constexpr auto word = fixed_string("terminate");
  static constexpr bool rethrows = false;
};

/// Contract of the errors family: what an exception leaving a detached task does.
template <class P>
concept errors_policy = policy_of<P, family::errors> && requires {
  { P::rethrows } -> std::convertible_to<bool>;
};

static_assert(errors_policy<propagate>);
static_assert(errors_policy<terminate>);

}  // namespace tenon
