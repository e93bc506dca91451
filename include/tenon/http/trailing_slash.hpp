// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace tenon::http {

/// What a router makes of a path that no route matches, but one would if it had a '/' more, or less, at its end.
///
///     tenon::http::router<handler, tenon::http::trailing_slash::redirect> routes;
enum class trailing_slash : std::uint8_t {
  strict,    ///< another path: 404
  redirect,  ///< 308 with the other path, for a client that then asks for it with the same method and body
  ignore     ///< the same path
};

static_assert(trailing_slash{} == trailing_slash::strict);

}  // namespace tenon::http
