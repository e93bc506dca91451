// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/headers.hpp>
#include <tenon/http/method.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// A whole request, as views into the buffer it came in: small enough to pass through a queue by value.
///
/// Shape    Valid as long as the buffer's bytes stay where they are. Nothing is decoded: the router decodes the
///          parameters of a path. `path` always begins with '/', but for `OPTIONS *`, where it is "*".
/// Threads  As the bytes: any number of readers.
struct request {
  http::method method = http::method::get;
  /// The x of HTTP/1.x: 0 or 1.
  std::uint8_t minor_version = 1;
  /// Whether the connection outlives this request: by version and Connection header.
  bool keep_alive = true;
  /// As it was sent: origin form, absolute form or "*".
  std::string_view target{};
  std::string_view path{};
  /// What follows the '?', without it.
  std::string_view query{};
  /// Of the target when that is absolute, else of the Host header; with the port when there is one.
  std::string_view host{};
  http::headers headers{};
  std::string_view body{};
};

static_assert(std::is_trivially_copyable_v<request> && sizeof(request) <= 128);

}  // namespace tenon::http
