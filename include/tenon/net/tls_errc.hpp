// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/net/detail/openssl.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <type_traits>

namespace tenon {

/// What TLS can fail with that a program may want to tell apart. The error itself says more: its message is OpenSSL's.
///
///     auto peer = co_await tls::connect(std::move(*tcp), trust, "example.org", rt.now() + 5s);
///     if (!peer && peer.error() == tenon::tls_errc::wrong_host) ...
///     if (!peer) std::puts(peer.error().message().c_str());   // "certificate: hostname mismatch"
///
/// Shape  An error condition: errors of `tls_category` compare with it. Any number of errors is one condition, and many
///        are none: they are only text.
enum class tls_errc {
  truncated = 1,   ///< the stream ended without the peer's farewell: what was read may not be all
  untrusted,       ///< nobody whom we trust vouches for the peer's certificate
  expired,         ///< its certificate, or one that vouches for it, is not valid at this time
  wrong_host,      ///< its certificate is for others than the host that was asked for
  no_certificate,  ///< it was asked for a certificate and gave none
  refused,         ///< it ended the connection with an alert: what it takes exception to, the message says
  no_protocol,     ///< the two sides have no application protocol (ALPN) in common
  not_tls          ///< what came is no TLS: somebody speaks plain text to us
};

}  // namespace tenon

template <>
struct std::is_error_condition_enum<tenon::tls_errc> : std::true_type {};

namespace tenon {

namespace detail {

/// The errors of certificates, X509_V_ERR_..., stand here; OpenSSL's own begin at 1 << 23.
inline constexpr int tls_verification = 0x1000;
inline constexpr int tls_reasons = 1 << 23;

[[nodiscard]] inline tls_errc condition_of_verification(int verdict) noexcept {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return tls_errc::wrong_host;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return tls_errc::expired;
    default: return tls_errc::untrusted;
  }
}

/// 0: of no condition.
[[nodiscard]] inline int condition_of_reason(int code) noexcept {
  const auto packed = static_cast<unsigned long>(code);
  if (ERR_GET_LIB(packed) != ERR_LIB_SSL) return 0;
  const int reason = ERR_GET_REASON(packed);
  switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return static_cast<int>(tls_errc::truncated);
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return static_cast<int>(tls_errc::untrusted);
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return static_cast<int>(tls_errc::no_certificate);
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL: return static_cast<int>(tls_errc::no_protocol);
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER: return static_cast<int>(tls_errc::not_tls);
    default: return reason > SSL_AD_REASON_OFFSET ? static_cast<int>(tls_errc::refused) : 0;
  }
}

}  // namespace detail

/// The errors of TLS: OpenSSL's codes with OpenSSL's texts, and those of certificates.
[[nodiscard]] inline const std::error_category& tls_category() noexcept {
  class category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "tenon.tls"; }
    [[nodiscard]] std::string message(int code) const override {
      if (code >= detail::tls_reasons) {
        // Its texts are loaded by whoever makes a context; an error may be printed where nobody has.
        (void)OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
        const char* const reason = ERR_reason_error_string(static_cast<unsigned long>(code));
        return reason != nullptr ? reason : "OpenSSL's error " + std::to_string(code);
      }
      if (code >= detail::tls_verification) {
        return std::string("certificate: ") + X509_verify_cert_error_string(code - detail::tls_verification);
      }
      switch (static_cast<tls_errc>(code)) {
        case tls_errc::truncated: return "the stream ended without the peer's farewell";
        case tls_errc::untrusted: return "nobody who is trusted vouches for the certificate";
        case tls_errc::expired: return "the certificate is not valid at this time";
        case tls_errc::wrong_host: return "the certificate is for another host";
        case tls_errc::no_certificate: return "the peer gave no certificate";
        case tls_errc::refused: return "the peer refused";
        case tls_errc::no_protocol: return "no application protocol in common";
        case tls_errc::not_tls: return "the peer does not speak TLS";
      }
      return "unknown";
    }
    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
      if (code >= detail::tls_reasons) {
        const int known = detail::condition_of_reason(code);
        return {known != 0 ? known : code, *this};
      }
      if (code >= detail::tls_verification) {
        return {static_cast<int>(detail::condition_of_verification(code - detail::tls_verification)), *this};
      }
      return {code, *this};
    }
  };
  static const category only;
  return only;
}

[[nodiscard]] inline std::error_condition make_error_condition(tls_errc which) noexcept {
  return {static_cast<int>(which), tls_category()};
}

namespace detail {

[[nodiscard]] inline std::error_code tls_error(tls_errc own) noexcept {
  return {static_cast<int>(own), tls_category()};
}

/// What OpenSSL tells of a call stands among what it has noted on this thread: nothing older may. Nothing is, mostly.
inline void forget_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

/// The first of the errors that OpenSSL has noted on this thread, which is the cause of the others; `otherwise` when
/// there is none. Nothing is noted afterwards.
[[nodiscard]] inline std::error_code noted_error(std::errc otherwise = std::errc::protocol_error) noexcept {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return std::make_error_code(otherwise);
  if (ERR_SYSTEM_ERROR(code)) return {ERR_GET_REASON(code), std::generic_category()};
  if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE) return std::make_error_code(std::errc::not_enough_memory);
  return {static_cast<int>(code), tls_category()};
}

}  // namespace detail

}  // namespace tenon
