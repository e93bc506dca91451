// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <system_error>
#include <type_traits>

namespace tenon::http {

/// Why a client has no answer, beside what the network says (connection_refused, timed_out, operation_canceled, ...).
///
/// bad_response        What came is not HTTP/1, or says its length in two ways, or breaks off a chunk's line. As
///                     errc::protocol_error.
/// response_too_large  Its head is over `limits`, or its body over what the caller takes. As errc::message_size.
/// closed_early        The server closed before the answer was whole. As errc::connection_reset.
/// no_tls              An https URL, and a connector that has no TLS. As errc::protocol_not_supported.
/// too_many_redirects  More than the settings allow. As errc::too_many_links.
/// bad_redirect        Its Location is no URL that this client goes to: another scheme, or from https to http. As
///                     errc::invalid_argument.
/// not_upgraded        The server answered, but does not speak WebSocket there. As errc::protocol_error.
enum class client_errc {
  bad_response = 1,
  response_too_large,
  closed_early,
  no_tls,
  too_many_redirects,
  bad_redirect,
  not_upgraded
};

}  // namespace tenon::http

template <>
struct std::is_error_code_enum<tenon::http::client_errc> : std::true_type {};

namespace tenon::http {

/// The category of client_errc, named "tenon.http.client".
[[nodiscard]] inline const std::error_category& client_category() noexcept {
  class category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "tenon.http.client"; }
    [[nodiscard]] std::string message(int value) const override {
      switch (static_cast<client_errc>(value)) {
        case client_errc::bad_response: return "bad response: what came is not a well-formed HTTP/1 answer";
        case client_errc::response_too_large: return "response too large: over the limits of the head or of the body";
        case client_errc::closed_early: return "closed early: the connection ended before the answer was whole";
        case client_errc::no_tls: return "no TLS: the connector of this client makes plain connections alone";
        case client_errc::too_many_redirects: return "too many redirects";
        case client_errc::bad_redirect: return "bad redirect: a Location that this client does not go to";
        case client_errc::not_upgraded: return "not upgraded: the server does not speak WebSocket there";
      }
      return "unknown";
    }
    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
      switch (static_cast<client_errc>(value)) {
        case client_errc::bad_response:
        case client_errc::not_upgraded: return std::make_error_condition(std::errc::protocol_error);
        case client_errc::response_too_large: return std::make_error_condition(std::errc::message_size);
        case client_errc::closed_early: return std::make_error_condition(std::errc::connection_reset);
        case client_errc::no_tls: return std::make_error_condition(std::errc::protocol_not_supported);
        case client_errc::too_many_redirects: return std::make_error_condition(std::errc::too_many_links);
        case client_errc::bad_redirect: return std::make_error_condition(std::errc::invalid_argument);
      }
      return {value, *this};
    }
  };
  static const category one;
  return one;
}

[[nodiscard]] inline std::error_code make_error_code(client_errc error) noexcept {
  return {static_cast<int>(error), client_category()};
}

static_assert(std::is_error_code_enum_v<client_errc>);

}  // namespace tenon::http
