// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace tenon::http {

/// What became of a request.
///
/// Source   RFC 9110 section 15, RFC 6585 (428, 429, 431).
enum class status : std::uint16_t {
  continue_ = 100,
  switching_protocols = 101,
  ok = 200,
  created = 201,
  accepted = 202,
  no_content = 204,
  reset_content = 205,
  partial_content = 206,
  moved_permanently = 301,
  found = 302,
  see_other = 303,
  not_modified = 304,
  temporary_redirect = 307,
  permanent_redirect = 308,
  bad_request = 400,
  unauthorized = 401,
  forbidden = 403,
  not_found = 404,
  method_not_allowed = 405,
  not_acceptable = 406,
  request_timeout = 408,
  conflict = 409,
  gone = 410,
  length_required = 411,
  precondition_failed = 412,
  content_too_large = 413,
  uri_too_long = 414,
  unsupported_media_type = 415,
  range_not_satisfiable = 416,
  expectation_failed = 417,
  misdirected_request = 421,
  unprocessable_content = 422,
  upgrade_required = 426,
  precondition_required = 428,
  too_many_requests = 429,
  request_header_fields_too_large = 431,
  internal_server_error = 500,
  not_implemented = 501,
  bad_gateway = 502,
  service_unavailable = 503,
  gateway_timeout = 504,
  http_version_not_supported = 505,
};

/// The first line of a response, line end included: copied as it stands, no digit is formatted for a request.
[[nodiscard]] constexpr std::string_view status_line(status code) noexcept {
  switch (code) {
    case status::continue_: return "HTTP/1.1 100 Continue\r\n";
    case status::switching_protocols: return "HTTP/1.1 101 Switching Protocols\r\n";
    case status::ok: return "HTTP/1.1 200 OK\r\n";
    case status::created: return "HTTP/1.1 201 Created\r\n";
    case status::accepted: return "HTTP/1.1 202 Accepted\r\n";
    case status::no_content: return "HTTP/1.1 204 No Content\r\n";
    case status::reset_content: return "HTTP/1.1 205 Reset Content\r\n";
    case status::partial_content: return "HTTP/1.1 206 Partial Content\r\n";
    case status::moved_permanently: return "HTTP/1.1 301 Moved Permanently\r\n";
    case status::found: return "HTTP/1.1 302 Found\r\n";
    case status::see_other: return "HTTP/1.1 303 See Other\r\n";
    case status::not_modified: return "HTTP/1.1 304 Not Modified\r\n";
    case status::temporary_redirect: return "HTTP/1.1 307 Temporary Redirect\r\n";
    case status::permanent_redirect: return "HTTP/1.1 308 Permanent Redirect\r\n";
    case status::bad_request: return "HTTP/1.1 400 Bad Request\r\n";
    case status::unauthorized: return "HTTP/1.1 401 Unauthorized\r\n";
    case status::forbidden: return "HTTP/1.1 403 Forbidden\r\n";
    case status::not_found: return "HTTP/1.1 404 Not Found\r\n";
    case status::method_not_allowed: return "HTTP/1.1 405 Method Not Allowed\r\n";
    case status::not_acceptable: return "HTTP/1.1 406 Not Acceptable\r\n";
    case status::request_timeout: return "HTTP/1.1 408 Request Timeout\r\n";
    case status::conflict: return "HTTP/1.1 409 Conflict\r\n";
    case status::gone: return "HTTP/1.1 410 Gone\r\n";
    case status::length_required: return "HTTP/1.1 411 Length Required\r\n";
    case status::precondition_failed: return "HTTP/1.1 412 Precondition Failed\r\n";
    case status::content_too_large: return "HTTP/1.1 413 Content Too Large\r\n";
    case status::uri_too_long: return "HTTP/1.1 414 URI Too Long\r\n";
    case status::unsupported_media_type: return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case status::range_not_satisfiable: return "HTTP/1.1 416 Range Not Satisfiable\r\n";
    case status::expectation_failed: return "HTTP/1.1 417 Expectation Failed\r\n";
    case status::misdirected_request: return "HTTP/1.1 421 Misdirected Request\r\n";
    case status::unprocessable_content: return "HTTP/1.1 422 Unprocessable Content\r\n";
    case status::upgrade_required: return "HTTP/1.1 426 Upgrade Required\r\n";
    case status::precondition_required: return "HTTP/1.1 428 Precondition Required\r\n";
    case status::too_many_requests: return "HTTP/1.1 429 Too Many Requests\r\n";
    case status::request_header_fields_too_large: return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case status::internal_server_error: return "HTTP/1.1 500 Internal Server Error\r\n";
    case status::not_implemented: return "HTTP/1.1 501 Not Implemented\r\n";
    case status::bad_gateway: return "HTTP/1.1 502 Bad Gateway\r\n";
    case status::service_unavailable: return "HTTP/1.1 503 Service Unavailable\r\n";
    case status::gateway_timeout: return "HTTP/1.1 504 Gateway Timeout\r\n";
    case status::http_version_not_supported: return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
  }
  return "HTTP/1.1 500 Internal Server Error\r\n";  // a number that was cast: never half a line on the wire
}

/// The words after the number.
[[nodiscard]] constexpr std::string_view reason(status code) noexcept {
  const auto line = status_line(code);
  return line.substr(13, line.size() - 15);
}

/// The number.
[[nodiscard]] constexpr unsigned code_of(status which) noexcept { return static_cast<unsigned>(which); }

/// Whether a response of this status has no body and no Content-Length: 1xx, 204 and 304.
[[nodiscard]] constexpr bool is_bodiless(status which) noexcept {
  return code_of(which) < 200 || which == status::no_content || which == status::not_modified;
}

static_assert(reason(status::not_found) == "Not Found");

}  // namespace tenon::http
