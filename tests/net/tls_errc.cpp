// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>)
#include <tenon/net/tls_errc.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <system_error>

namespace {

std::error_code of_openssl(int library, int reason) {
  return {static_cast<int>(ERR_PACK(library, 0, reason)), tenon::tls_category()};
}
std::error_code of_certificate(int verdict) {
  return {tenon::detail::tls_verification + verdict, tenon::tls_category()};
}

TEST(tls_errc, is_what_errors_of_openssl_are_compared_with) {
  using tenon::tls_errc;
  EXPECT_EQ(of_certificate(X509_V_ERR_CERT_HAS_EXPIRED), tls_errc::expired);
  EXPECT_EQ(of_certificate(X509_V_ERR_CERT_NOT_YET_VALID), tls_errc::expired);
  EXPECT_EQ(of_certificate(X509_V_ERR_HOSTNAME_MISMATCH), tls_errc::wrong_host);
  EXPECT_EQ(of_certificate(X509_V_ERR_IP_ADDRESS_MISMATCH), tls_errc::wrong_host);
  EXPECT_EQ(of_certificate(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), tls_errc::untrusted);
  EXPECT_EQ(of_openssl(ERR_LIB_SSL, SSL_R_HTTP_REQUEST), tls_errc::not_tls);
  EXPECT_EQ(of_openssl(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER), tls_errc::not_tls);
  EXPECT_EQ(of_openssl(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING), tls_errc::truncated);
  EXPECT_EQ(of_openssl(ERR_LIB_SSL, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE), tls_errc::no_certificate);
  EXPECT_EQ(of_openssl(ERR_LIB_SSL, SSL_R_NO_APPLICATION_PROTOCOL), tls_errc::no_protocol);
  EXPECT_EQ(of_openssl(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL), tls_errc::no_protocol);
  EXPECT_EQ(of_openssl(ERR_LIB_SSL, SSL_R_TLSV1_ALERT_UNKNOWN_CA), tls_errc::refused);
  const std::error_code other = of_openssl(ERR_LIB_PEM, PEM_R_BAD_DECRYPT);
  for (int each = 1; each <= static_cast<int>(tls_errc::not_tls); ++each) EXPECT_NE(other, static_cast<tls_errc>(each));
  EXPECT_NE(of_certificate(X509_V_ERR_CERT_HAS_EXPIRED), tls_errc::untrusted);
}

/// A process of its own, in which nobody has called OpenSSL before.
TEST(tls_errc, has_openssl_say_it_though_nobody_has_called_it_yet) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto say = [](const std::string& text) {
    std::fprintf(stderr, "%s\n", text.c_str());
    std::exit(0);
  };
  const testing::ExitedWithCode well(0);
  EXPECT_EXIT(say(of_openssl(ERR_LIB_SSL, SSL_R_HTTP_REQUEST).message()), well, "^http request");
  EXPECT_EXIT(say(of_openssl(ERR_LIB_PEM, PEM_R_BAD_DECRYPT).message()), well, "^bad decrypt");
}

TEST(tls_errc, has_openssl_say_it) {
  EXPECT_EQ(of_certificate(X509_V_ERR_CERT_HAS_EXPIRED).message(), "certificate: certificate has expired");
  EXPECT_EQ(of_openssl(ERR_LIB_SSL, SSL_R_HTTP_REQUEST).message(), "http request");
  EXPECT_NE(of_openssl(200, 999).message().find("OpenSSL's error "), std::string::npos);
  EXPECT_STREQ(tenon::tls_category().name(), "tenon.tls");
  std::set<std::string> sentences{std::error_code(99, tenon::tls_category()).message()};
  for (int each = 1; each <= static_cast<int>(tenon::tls_errc::not_tls); ++each) {
    const auto condition = make_error_condition(static_cast<tenon::tls_errc>(each));
    EXPECT_TRUE(sentences.insert(condition.message()).second) << condition.message();
  }
}

TEST(tls_errc, takes_what_openssl_has_noted) {
  ERR_clear_error();
  EXPECT_EQ(tenon::detail::noted_error(std::errc::not_enough_memory), std::errc::not_enough_memory);
  ERR_raise(ERR_LIB_SYS, EACCES);
  ERR_raise(ERR_LIB_SSL, SSL_R_HTTP_REQUEST);
  EXPECT_EQ(tenon::detail::noted_error(), std::errc::permission_denied);  // the first is the cause
  ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
  EXPECT_EQ(tenon::detail::noted_error(), std::errc::not_enough_memory);
  ERR_raise(ERR_LIB_SSL, SSL_R_HTTP_REQUEST);
  EXPECT_EQ(tenon::detail::noted_error(), tenon::tls_errc::not_tls);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace

#endif
