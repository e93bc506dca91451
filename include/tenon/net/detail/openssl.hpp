// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The door of OpenSSL (Debian's libssl-dev): 3.0 or newer. Nothing of tenon includes it but the headers of TLS, which
/// the user includes by name.

#if !__has_include(<openssl/ssl.h>)
#error "tenon: TLS takes OpenSSL 3.0 or newer, and <openssl/ssl.h> is not here; install libssl-dev and link tenon::tls"
#endif

#include <memory>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static_assert(OPENSSL_VERSION_NUMBER >= 0x30000000L, "tenon: OpenSSL is older than 3.0, the first we know how to use");

namespace tenon::detail {

struct openssl_closer {
  void operator()(BIO* it) const noexcept { BIO_free(it); }
  void operator()(BIO_METHOD* it) const noexcept { BIO_meth_free(it); }
  void operator()(EVP_PKEY* it) const noexcept { EVP_PKEY_free(it); }
  void operator()(SSL* it) const noexcept { SSL_free(it); }
  void operator()(SSL_CTX* it) const noexcept { SSL_CTX_free(it); }
  void operator()(SSL_SESSION* it) const noexcept { SSL_SESSION_free(it); }
  void operator()(X509* it) const noexcept { X509_free(it); }
  void operator()(STACK_OF(X509) * it) const noexcept { sk_X509_pop_free(it, X509_free); }
  void operator()(GENERAL_NAMES* it) const noexcept { GENERAL_NAMES_free(it); }
};

/// What OpenSSL made, freed with its own function.
template <class T>
using openssl_owner = std::unique_ptr<T, openssl_closer>;

}  // namespace tenon::detail
