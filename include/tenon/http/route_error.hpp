// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <system_error>
#include <type_traits>

namespace tenon::http {

/// Why a route was refused at registration.
enum class route_error {
  no_leading_slash = 1,
  bad_byte,
  stray_brace,
  unnamed_parameter,
  repeated_name,
  too_many_parameters,
  too_many_segments,
  wildcard_not_last,
  duplicate,
  too_alike,
};

namespace detail {

class route_error_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tenon::http::router"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<route_error>(value)) {
      case route_error::no_leading_slash: return "a pattern begins with '/'; write \"/users\", not \"users\"";
      case route_error::bad_byte:
        return "a pattern has visible ASCII alone, without '?' and '#'; percent-encode the rest";
      case route_error::stray_brace: return "a parameter fills its segment; write \"/{name}/\", not \"/a{name}\"";
      case route_error::unnamed_parameter: return "a parameter has a name of letters, digits and '_'; write \"{id}\"";
      case route_error::repeated_name: return "two parameters have the same name; rename one";
      case route_error::too_many_parameters: return "a pattern has at most 8 parameters; use a wildcard for the rest";
      case route_error::too_many_segments:
        return "a pattern with parameters has at most 62 segments; use a wildcard for the rest";
      case route_error::wildcard_not_last: return "a wildcard is the last segment; write \"/files/{*rest}\"";
      case route_error::duplicate: return "this method already has a route that matches the same paths; remove one";
      case route_error::too_alike: return "by chance two texts of patterns have the same hash; change a byte of one";
    }
    return "unknown error";
  }
};

}  // namespace detail

[[nodiscard]] inline std::error_code make_error_code(route_error why) noexcept {
  static const detail::route_error_category category;
  return {static_cast<int>(why), category};
}

}  // namespace tenon::http

template <>
struct std::is_error_code_enum<tenon::http::route_error> : std::true_type {};

static_assert(std::is_error_code_enum_v<tenon::http::route_error>);
