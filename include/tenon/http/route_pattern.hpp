// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/route_view.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/parameters.hpp>
#include <tenon/http/route_error.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace tenon::http {

/// The pattern of a route, checked: the names of its parameters, or what is wrong with it.
///
///     constexpr tenon::http::route_pattern pattern("/users/{id}/files/{*rest}");
///     static_assert(pattern.is_sound() && pattern.names[1] == "rest");
///
/// Shape    Segments between slashes: text as it is sent, `{name}` for one that is not empty, `{*name}`, last, for all
///          the rest. Views of the text that it was made of.
/// Cost     O(pattern), at run time or in a constant.
struct route_pattern {
  std::array<std::string_view, parameters::capacity> names{};
  std::size_t count = 0;
  /// none when the pattern is sound.
  route_error why = none;

  static constexpr route_error none{};

  constexpr explicit route_pattern(std::string_view pattern) noexcept : why(read(pattern)) {}
  [[nodiscard]] constexpr bool is_sound() const noexcept { return why == none; }

 private:
  constexpr route_error read(std::string_view pattern) noexcept {
    if (pattern.empty() || pattern.front() != '/') return route_error::no_leading_slash;
    std::size_t segments = 0;
    while (!pattern.empty()) {  // at the '/' before a segment
      pattern.remove_prefix(1);
      ++segments;
      const std::size_t slash = pattern.find('/');
      std::string_view segment = pattern.substr(0, slash);
      pattern.remove_prefix(slash == pattern.npos ? pattern.size() : slash);
      bool braced = false;
      for (const char c : segment) {
        if (!detail::is(c, detail::path_byte)) return route_error::bad_byte;
        braced = braced || c == '{' || c == '}';
      }
      if (!braced) continue;
      if (segment.front() != '{' || segment.find_first_of("{}", 1) != segment.size() - 1 || segment.back() != '}') {
        return route_error::stray_brace;
      }
      segment = segment.substr(1, segment.size() - 2);
      const bool wild = segment.starts_with('*');
      if (wild) segment.remove_prefix(1);
      if (wild && !pattern.empty()) return route_error::wildcard_not_last;
      if (!is_name(segment)) return route_error::unnamed_parameter;
      if (count == names.size()) return route_error::too_many_parameters;
      for (std::size_t i = 0; i < count; ++i) {
        if (names[i] == segment) return route_error::repeated_name;
      }
      names[count++] = segment;
    }
    if (count != 0 && segments > detail::route_shape::most_segments) return route_error::too_many_segments;
    return none;
  }
  static constexpr bool is_name(std::string_view text) noexcept {
    for (const char c : text) {
      if (!detail::is_digit(c) && (detail::lower(c) < 'a' || detail::lower(c) > 'z') && c != '_') return false;
    }
    return !text.empty();
  }
};

static_assert(route_pattern("/users/{id}").is_sound() && !route_pattern("/users/{}").is_sound());

}  // namespace tenon::http
