// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/entity_tag.hpp>
#include <tenon/http/http_date.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/request.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::http {

/// What a resource's present state can be told by. An empty tag, no date: it has none.
struct validators {
  std::string_view tag;
  std::optional<std::chrono::sys_seconds> modified;
  bool exists = true;
};

/// What the conditions of a request say.
enum class precondition : std::uint8_t {
  met,           ///< go on
  not_modified,  ///< 304
  failed,        ///< 412
};

namespace detail {

/// How the headers of this name compare with a tag: nothing when there is none.
[[nodiscard]] inline std::optional<bool> names_state(const headers& of, std::string_view name, const validators& state,
                                                     bool strongly) noexcept {
  std::optional<bool> found;
  for (const auto [given, value] : of) {
    if (!same_ignoring_case(given, name)) continue;
    found = found.value_or(false);
    if (value == "*") {
      found = *found || state.exists;
      continue;
    }
    std::string_view list = value;
    for (std::string_view tag = next_tag(list); !tag.empty(); tag = next_tag(list)) {
      if (strongly ? matches_strongly(tag, state.tag) : matches_weakly(tag, state.tag)) found = true;
    }
  }
  return found;
}

}  // namespace detail

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in this order of precedence.
///
///     switch (tenon::http::evaluate(request, {tag.text(), modified})) { case precondition::not_modified: ... }
///
/// Cost     A pass over the headers for each of the names.
/// Errors   A date that is none is as if it had not been sent; a list of tags that is none matches nothing.
/// Source   RFC 9110 section 13.2.2.
[[nodiscard]] inline precondition evaluate(const request& asked, const validators& state) noexcept {
  const bool reads = asked.method == method::get || asked.method == method::head;
  if (const auto match = detail::names_state(asked.headers, "if-match", state, true)) {
    if (!*match) return precondition::failed;
  } else if (const auto since = asked.headers.find("if-unmodified-since"); since && state.modified) {
    const auto date = read_date(*since);
    if (date && *state.modified > *date) return precondition::failed;
  }
  if (const auto match = detail::names_state(asked.headers, "if-none-match", state, false)) {
    if (*match) return reads ? precondition::not_modified : precondition::failed;
  } else if (const auto since = asked.headers.find("if-modified-since"); since && reads && state.modified) {
    const auto date = read_date(*since);
    if (date && *state.modified <= *date) return precondition::not_modified;
  }
  return precondition::met;
}

/// Whether a Range header counts: there is no If-Range, or it names exactly the present state.
///
/// Shape    `now`: when the response says that it is made. A date is a strong name of a state only when the state was
///          there for the whole of that second.
/// Source   RFC 9110 sections 13.1.5 and 8.8.2.2.
[[nodiscard]] inline bool range_applies(const request& asked, const validators& state,
                                        std::chrono::sys_seconds now) noexcept {
  const auto condition = asked.headers.find("if-range");
  if (!condition) return true;
  if (condition->starts_with('"') || condition->starts_with("W/")) return matches_strongly(*condition, state.tag);
  const auto date = read_date(*condition);
  return date && state.modified && *date == *state.modified && *state.modified < now;
}

}  // namespace tenon::http
