// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/percent.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/detail/trie.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/route_error.hpp>
#include <tenon/http/status.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon::http {

/// The parameters of a matched route, decoded, in the order of its pattern.
///
/// Shape    Views: names into the router, values into the path or, where something was decoded, into the scratch.
class parameters {
 public:
  static constexpr std::size_t capacity = detail::trie::value_capacity;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept { return assert(i < size_), values_[i]; }
  [[nodiscard]] std::string_view name(std::size_t i) const noexcept { return assert(i < size_), names_[i]; }
  /// The value of that name; nothing when the pattern has none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      if (names_[i] == name) return values_[i];
    }
    return std::nullopt;
  }

 private:
  template <class T>
  friend class router;
  std::size_t size_ = 0;
  const std::string_view* names_ = nullptr;
  std::array<std::string_view, capacity> values_;
};

/// What the router says of a request.
template <class T>
struct route_match {
  /// ok; 404 no route; 405 none for this method: see `allow`; 400 a bad escape in a parameter; 414 scratch too small.
  http::status status = http::status::not_found;
  /// When ok: what the route was registered with, inside the router.
  const T* target = nullptr;
  /// When ok.
  http::parameters parameters;
  /// When 405: the methods that this path has.
  method_set allow;

  [[nodiscard]] explicit operator bool() const noexcept { return status == http::status::ok; }
};

/// Finds what answers a method and a path.
///
///     tenon::http::router<handler*> routes;
///     routes.add(method::get, "/users/{id}", &user).value();
///     routes.add(method::get, "/files/{*rest}", &file).value();
///     auto match = routes.match(request.method, request.path, scratch);
///
/// Shape    Patterns are compared with the path as it was sent; `{name}` takes one whole segment that is not empty,
///          `{*name}`, last, takes the rest, slashes included, which may be empty. Values are percent-decoded into
///          `scratch`, which needs as many bytes as the path has; an encoded slash does not end a segment.
/// Order    Segment by segment, text before parameter before wildcard, whatever the order of registration, among the
///          routes that have the method; HEAD is also answered by a GET.
/// Cost     match: O(path) and no allocation; where routes overlap, the overlapping ones as well.
/// Threads  match from any thread; add before that, from one.
/// Errors   add: a route_error, and no route is added.
template <class T>
class router {
 public:
  router() = default;
  router(router&&) = default;
  router& operator=(router&&) = default;

  result<void> add(method which, std::string_view pattern, T target) {
    auto text = std::make_unique<names>();
    text->pattern = pattern;
    pattern = text->pattern;
    std::size_t count = 0;
    bool wild = false;
    if (const auto error = read(pattern, *text, count, wild)) return error;

    std::uint32_t at = 0;
    std::size_t from = 0;  // what of the pattern is in the trie
    for (std::size_t i = 0; i < count; ++i) {
      const bool rest = wild && i + 1 == count;
      const std::string_view name = text->list[i];
      const auto first = static_cast<std::size_t>(name.data() - pattern.data());
      at = paths_.text(at, pattern.substr(from, first - (rest ? 2 : 1) - from));
      at = rest ? paths_.wildcard(at) : paths_.parameter(at);
      from = first + name.size() + 1;
    }
    at = paths_.text(at, pattern.substr(from));
    if (!paths_.put(at, static_cast<unsigned>(which), static_cast<std::uint32_t>(routes_.size()))) {
      return make_error_code(route_error::duplicate);
    }
    routes_.push_back({std::move(text), std::move(target)});
    methods_.add(which);
    return {};
  }

  [[nodiscard]] route_match<T> match(method which, std::string_view path, std::span<char> scratch) const noexcept {
    route_match<T> out;
    detail::trie::search wanted{.path = path,
                                .method = static_cast<unsigned>(which),
                                .stand_in = static_cast<unsigned>(which == method::head ? method::get : which),
                                .values = out.parameters.values_.data()};
    if (!paths_.find(wanted)) {
      out.allow = with_head(wanted.methods);
      if (!out.allow.empty()) out.status = status::method_not_allowed;
      return out;
    }
    const route& found = routes_[wanted.route];
    out.target = &found.target;
    out.parameters.names_ = found.text->list.data();
    out.parameters.size_ = wanted.count;
    for (std::size_t i = 0; i < wanted.count; ++i) {
      const std::string_view raw = out.parameters.values_[i];
      if (detail::find_byte(raw.data(), raw.data() + raw.size(), '%') == raw.data() + raw.size()) {
        continue;
      }
      const std::size_t size = scratch.size() < raw.size() ? 0 : detail::percent_decode(raw, scratch.data());
      if (size == 0 || size == detail::bad_escape) {
        out.status = size == 0 ? status::uri_too_long : status::bad_request;
        return out;
      }
      out.parameters.values_[i] = {scratch.data(), size};
      scratch = scratch.subspan(size);
    }
    out.status = status::ok;
    return out;
  }

  /// The methods of all routes: the answer to `OPTIONS *`.
  [[nodiscard]] method_set methods() const noexcept { return with_head(methods_.bits()); }
  [[nodiscard]] std::size_t size() const noexcept { return routes_.size(); }

 private:
  struct names {
    std::string pattern;
    std::array<std::string_view, parameters::capacity> list;
  };
  struct route {
    std::unique_ptr<names> text;
    T target;
  };

  static method_set with_head(std::uint32_t bits) noexcept {
    method_set set(static_cast<std::uint16_t>(bits));
    if (set.contains(method::get)) set.add(method::head);
    return set;
  }

  static std::error_code read(std::string_view pattern, names& out, std::size_t& count, bool& wild) noexcept {
    if (pattern.empty() || pattern.front() != '/') return route_error::no_leading_slash;
    while (!pattern.empty()) {  // at the '/' before a segment
      pattern.remove_prefix(1);
      const std::size_t slash = pattern.find('/');
      std::string_view segment = pattern.substr(0, slash);
      pattern.remove_prefix(slash == pattern.npos ? pattern.size() : slash);
      for (const char c : segment) {
        if (!detail::is(c, detail::path_byte)) return route_error::bad_byte;
      }
      if (segment.find_first_of("{}") == segment.npos) continue;
      if (segment.front() != '{' || segment.find_first_of("{}", 1) != segment.size() - 1 || segment.back() != '}') {
        return route_error::stray_brace;
      }
      segment = segment.substr(1, segment.size() - 2);
      wild = segment.starts_with('*');
      if (wild) segment.remove_prefix(1);
      if (wild && !pattern.empty()) return route_error::wildcard_not_last;
      if (!is_name(segment)) return route_error::unnamed_parameter;
      if (count == out.list.size()) return route_error::too_many_parameters;
      for (std::size_t i = 0; i < count; ++i) {
        if (out.list[i] == segment) return route_error::repeated_name;
      }
      out.list[count++] = segment;
    }
    return {};
  }
  static bool is_name(std::string_view text) noexcept {
    for (const char c : text) {
      if (!detail::is_digit(c) && (detail::lower(c) < 'a' || detail::lower(c) > 'z') && c != '_') return false;
    }
    return !text.empty();
  }

  detail::trie paths_;
  std::vector<route> routes_;
  method_set methods_;
};

static_assert(!std::is_copy_constructible_v<router<int>> && std::is_move_constructible_v<router<int>>);

}  // namespace tenon::http
