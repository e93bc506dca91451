// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/detail/route_index.hpp>
#include <tenon/http/detail/route_view.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/route_error.hpp>
#include <tenon/http/route_match.hpp>
#include <tenon/http/route_pattern.hpp>
#include <tenon/http/trailing_slash.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon::http {

/// Finds what answers a method and a path, from a table that is made when the program starts.
///
///     tenon::http::router<handler*> routes;
///     routes.add(method::get, "/users/{id}", &user).value();
///     routes.add(method::get, "/files/{*rest}", &file).value();
///     auto match = routes.match(request.method, request.path, scratch);
///
/// Shape    Patterns are compared with the path as it was sent; `{name}` takes one whole segment that is not empty,
///          `{*name}`, last, takes the rest, slashes included, which may be empty. Values are percent-decoded into
///          `scratch`, which needs as many bytes as the path has, and one more where Slash redirects; an encoded slash
///          does not end a segment.
/// Order    Segment by segment, text before parameter before wildcard, whatever the order of registration, among the
///          routes that have the method; HEAD is also answered by a GET. A path as it was sent goes before the same
///          with another end, which Slash is about.
/// Cost     match: no allocation; one probe of a hash table for a path without parameters, else one for each way of
///          standing text and parameters in a row that patterns of so many segments have.
/// Threads  match from any thread; add before that, from one.
/// Errors   add: a route_error, and no route is added.
template <class T, trailing_slash Slash = trailing_slash::strict>
class router {
 public:
  router() = default;
  router(router&&) = default;
  router& operator=(router&&) = default;

  result<void> add(method which, std::string_view pattern, T target) {
    auto text = std::make_unique<names>(pattern);
    if (!text->parts.is_sound()) return make_error_code(text->parts.why);
    using outcome = detail::route_index::outcome;
    const auto index = static_cast<std::uint32_t>(routes_.size());
    switch (index_.add(static_cast<unsigned>(which), pattern, index)) {
      case outcome::duplicate: return make_error_code(route_error::duplicate);
      case outcome::too_alike: return make_error_code(route_error::too_alike);
      case outcome::added: break;
    }
    routes_.push_back({std::move(text), std::move(target)});
    methods_ |= 1U << static_cast<unsigned>(which);
    return {};
  }

  [[nodiscard]] route_match<T> match(method which, std::string_view path, std::span<char> scratch) const noexcept {
    route_match<T> out;
    detail::match_route<Slash>(index_.view(), which, path, scratch, out,
                               [this](route_match<T>& into, std::uint32_t found, std::size_t count) {
                                 into.target = &routes_[found].target;
                                 if (count != 0) into.parameters.name(routes_[found].text->parts.names.data(), count);
                               });
    return out;
  }

  /// The methods of all routes: the answer to `OPTIONS *`.
  [[nodiscard]] method_set methods() const noexcept { return detail::with_head(methods_); }
  [[nodiscard]] std::size_t size() const noexcept { return routes_.size(); }

 private:
  struct names {
    explicit names(std::string_view text) : pattern(text), parts(pattern) {}
    std::string pattern;
    route_pattern parts;
  };
  struct route {
    std::unique_ptr<names> text;
    T target;
  };

  detail::route_index index_;
  std::vector<route> routes_;
  std::uint32_t methods_ = 0;
};

static_assert(!std::is_copy_constructible_v<router<int>> && std::is_move_constructible_v<router<int>>);

}  // namespace tenon::http
