// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/percent.hpp>
#include <tenon/http/detail/route_view.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/parameters.hpp>
#include <tenon/http/status.hpp>
#include <tenon/http/trailing_slash.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// What a router says of a request.
///
///     auto match = routes.match(request.method, request.path, scratch);
///     if (match) (*match.target)(match.parameters);
template <class T>
struct route_match {
  /// ok; 404 no route; 405 none for this method: see `allow`; 308 another path: see `location`; 400 a bad escape in a
  /// parameter; 414 scratch too small.
  http::status status = http::status::not_found;
  /// When ok: what the route was registered with, inside the router.
  const T* target = nullptr;
  /// When ok.
  http::parameters parameters;
  /// When 405: the methods that this path has.
  method_set allow;
  /// When 308: the path with a '/' more or less, as it is sent; a query is still to be put behind it.
  std::string_view location{};

  [[nodiscard]] explicit operator bool() const noexcept { return status == http::status::ok; }
};

namespace detail {

[[nodiscard]] constexpr method_set with_head(std::uint32_t bits) noexcept {
  method_set set(static_cast<std::uint16_t>(bits));
  if (set.contains(method::get)) set.add(method::head);
  return set;
}

/// Decodes what was found: ok, 400, or 414. What lies in `scratch` already is decoded where it is.
inline status decode(route_search& found, std::span<char> scratch, bool is_there) noexcept {
  if (!found.has_escapes) return status::ok;
  for (std::size_t i = 0; i < found.count; ++i) {
    auto& [data, size] = found.values[i];
    if (find_byte(data, data + size, '%') == data + size) continue;
    if (!is_there && scratch.size() < size) return status::uri_too_long;
    char* const out = scratch.data() + (is_there ? data - scratch.data() : 0);
    const std::size_t decoded = percent_decode({data, size}, out);
    if (decoded == bad_escape) return status::bad_request;
    data = out;
    size = decoded;
    if (!is_there) scratch = scratch.subspan(decoded);
  }
  return status::ok;
}

/// The path with a '/' more, or less, at its end; empty when there is none, or `scratch` is too small for it.
inline std::string_view other_path(std::string_view path, std::span<char> scratch) noexcept {
  if (path.size() < 2) return {};
  if (path.back() == '/') return path.substr(0, path.size() - 1);
  if (scratch.size() <= path.size()) return {};
  std::memcpy(scratch.data(), path.data(), path.size());
  scratch[path.size()] = '/';
  return {scratch.data(), path.size() + 1};
}

/// The same for a path that was not found whole.
template <trailing_slash Slash, class T, class Set>
[[gnu::noinline]] void match_by_shape(const route_view& in, route_search& wanted, std::span<char> scratch,
                                      route_match<T>& out, Set set) noexcept {
  bool found = in.find_by_shape(wanted);
  bool is_copied = false;
  if constexpr (Slash != trailing_slash::strict) {
    const std::string_view path = wanted.path;
    if (!found && wanted.methods == 0 && path.size() >= 2) {
      wanted.path = other_path(path, scratch);
      if (wanted.path.empty()) return void(out.status = status::uri_too_long);
      is_copied = wanted.path.size() > path.size();
      if (const route_entry* const whole = in.find_whole(wanted.path)) {
        found = in.pick(*whole, wanted.method, wanted.stand_in, wanted.route);
        wanted.methods = whole->methods();
      }
      found = found || in.find_by_shape(wanted);
      if (found && Slash == trailing_slash::redirect) {
        if (path.starts_with("//")) return;  // a client would take what follows for a host
        out.location = wanted.path;
        return void(out.status = status::permanent_redirect);
      }
    }
  }
  if (!found) {
    out.allow = with_head(wanted.methods);
    if (!out.allow.empty()) out.status = status::method_not_allowed;
    return;
  }
  out.status = decode(wanted, scratch, is_copied);
  set(out, wanted.route, wanted.count);
}

/// What both routers do; `set(match, route, count)` fills in what belongs to the route.
template <trailing_slash Slash, class T, class Set>
void match_route(const route_view& in, method which, std::string_view path, std::span<char> scratch,
                 route_match<T>& out, Set set) noexcept {
  const auto method = static_cast<unsigned>(which);
  const auto stand_in = static_cast<unsigned>(which == http::method::head ? http::method::get : which);
  std::uint32_t methods = 0;
  if (const route_entry* const whole = in.find_whole(path)) {
    if (std::uint32_t route = 0; in.pick(*whole, method, stand_in, route)) {
      out.status = status::ok;
      return set(out, route, 0);
    }
    methods = whole->methods();
  }
  route_search wanted{
      .path = path, .method = method, .stand_in = stand_in, .values = out.parameters.values(), .methods = methods};
  match_by_shape<Slash>(in, wanted, scratch, out, set);
}

}  // namespace detail

static_assert(std::is_trivially_copyable_v<route_match<int>>);

}  // namespace tenon::http
