// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/net/detail/openssl.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

// Certificates for the tests of TLS, made in memory when they are needed: P-256, for it is quick.

namespace tenon_test {

/// What a certificate is to say.
struct asked_certificate {
  std::string name = "localhost";                           // the common name
  std::string hosts = "DNS:localhost,IP:127.0.0.1,IP:::1";  // the other names, as OpenSSL's configuration writes them
  long valid_from = -3600;                                  // seconds from now
  long valid_to = 86400;
  bool vouches = false;  // it may vouch for others

  asked_certificate() = default;
  explicit asked_certificate(std::string its_name, std::string its_hosts = "")
      : name(std::move(its_name)), hosts(std::move(its_hosts)) {}
};

/// A certificate with its key, itself or vouched for by another.
class certificate {
 public:
  certificate(const asked_certificate& asked, const certificate* by) : key_(EVP_EC_gen("P-256")), own_(X509_new()) {
    X509* const it = own_.get();
    X509_set_version(it, 2);
    static long serial = 0;
    ASN1_INTEGER_set(X509_get_serialNumber(it), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(it), asked.valid_from);
    X509_gmtime_adj(X509_getm_notAfter(it), asked.valid_to);
    X509_set_pubkey(it, key_.get());
    X509_NAME* const subject = X509_get_subject_name(it);
    const auto* const name = reinterpret_cast<const unsigned char*>(asked.name.c_str());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0);
    X509* const issuer = by != nullptr ? by->own_.get() : it;
    X509_set_issuer_name(it, X509_get_subject_name(issuer));
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, it, nullptr, nullptr, 0);
    add(context, NID_basic_constraints, asked.vouches ? "critical,CA:TRUE" : "CA:FALSE");
    add(context, NID_subject_key_identifier, "hash");
    if (by != nullptr) add(context, NID_authority_key_identifier, "keyid");
    if (!asked.hosts.empty()) add(context, NID_subject_alt_name, asked.hosts.c_str());
    X509_sign(it, by != nullptr ? by->key_.get() : key_.get(), EVP_sha256());
  }

  /// PEM.
  [[nodiscard]] std::string chain() const {
    return text([this](BIO* page) { PEM_write_bio_X509(page, own_.get()); });
  }
  [[nodiscard]] std::string key() const {
    return text(
        [this](BIO* page) { PEM_write_bio_PrivateKey(page, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

 private:
  void add(X509V3_CTX& context, int what, const char* value) {
    X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, what, value);
    X509_add_ext(own_.get(), made, -1);
    X509_EXTENSION_free(made);
  }
  template <class Write>
  [[nodiscard]] static std::string text(Write write) {
    const tenon::detail::openssl_owner<BIO> page(BIO_new(BIO_s_mem()));
    write(page.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(page.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  tenon::detail::openssl_owner<EVP_PKEY> key_;
  tenon::detail::openssl_owner<X509> own_;
};

/// One that vouches for others.
class authority : public certificate {
 public:
  explicit authority(std::string name = "tests") : certificate(vouching(std::move(name)), nullptr) {}

  [[nodiscard]] certificate issue(const asked_certificate& asked = asked_certificate()) const { return {asked, this}; }

 private:
  [[nodiscard]] static asked_certificate vouching(std::string name) {
    asked_certificate asked(std::move(name));
    asked.vouches = true;
    return asked;
  }
};

}  // namespace tenon_test
