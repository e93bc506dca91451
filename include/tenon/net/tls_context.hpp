// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/net/detail/openssl.hpp>
#include <tenon/net/tls_errc.hpp>
#include <tenon/net/tls_settings.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace tenon {

namespace detail {

/// PEM from where it is: text, or a file.
[[nodiscard]] inline openssl_owner<BIO> open_pem(const std::string& from) noexcept {
  if (from.find("-----BEGIN ") == std::string::npos) return openssl_owner<BIO>(BIO_new_file(from.c_str(), "rb"));
  return openssl_owner<BIO>(BIO_new_mem_buf(from.data(), static_cast<int>(from.size())));
}

/// Instead of OpenSSL's own, which asks at the terminal.
[[nodiscard]] inline int no_password(char* /*room*/, int /*size*/, int /*writing*/, void* /*of*/) noexcept {
  return -1;
}

/// The certificates that stand in a PEM, one at least.
[[nodiscard]] inline result<openssl_owner<STACK_OF(X509)>> read_certificates(const std::string& from) {
  ERR_clear_error();
  const openssl_owner<BIO> pem = open_pem(from);
  openssl_owner<STACK_OF(X509)> all(sk_X509_new_null());
  if (!pem || !all) return noted_error();
  for (;;) {
    openssl_owner<X509> one(PEM_read_bio_X509_AUX(pem.get(), nullptr, &no_password, nullptr));
    if (!one) break;
    if (sk_X509_push(all.get(), one.get()) == 0) return noted_error();
    (void)one.release();
  }
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_the_end || sk_X509_num(all.get()) == 0) return noted_error();
  ERR_clear_error();
  return all;
}

/// What all the connections of a context share, as it was when they began. A reload makes a new one.
class tls_state {
 public:
  explicit tls_state(bool serving) : serving_(serving) {}
  tls_state(const tls_state&) = delete;
  tls_state& operator=(const tls_state&) = delete;

  [[nodiscard]] SSL_CTX* native() const noexcept { return contexts_.front().get(); }
  [[nodiscard]] bool is_server() const noexcept { return serving_; }

  [[nodiscard]] result<void> become(const tls_server_settings& how) {
    if (how.identities.empty()) return std::errc::invalid_argument;
    if (const auto set = set_protocols(how.protocols); !set) return set.error();
    for (const tls_identity& who : how.identities) {
      openssl_owner<SSL_CTX> made(SSL_CTX_new(TLS_server_method()));
      if (!made) return noted_error();
      SSL_CTX* const ctx = made.get();
      if (const auto set = set_common(ctx, how.least, how.ciphers); !set) return set.error();
      SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);  // what a session needs is in its ticket
      constexpr std::array<unsigned char, 5> ours{'t', 'e', 'n', 'o', 'n'};
      SSL_CTX_set_session_id_context(ctx, ours.data(), ours.size());
      SSL_CTX_set_num_tickets(ctx, how.tickets);
      if (how.tickets == 0) SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
      if (how.clients != tls_verify::off) {
        const bool must = how.clients == tls_verify::required;
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
        if (const auto set = trust(ctx, how.authorities, true); !set) return set.error();
      }
      if (!protocols_.empty()) SSL_CTX_set_alpn_select_cb(ctx, &choose_protocol, this);
      SSL_CTX_set_tlsext_servername_callback(ctx, &choose_identity);
      SSL_CTX_set_tlsext_servername_arg(ctx, this);
      if (const auto set = show(ctx, who); !set) return set.error();
      contexts_.push_back(std::move(made));
    }
    return {};
  }

  [[nodiscard]] result<void> become(const tls_client_settings& how) {
    if (const auto set = set_protocols(how.protocols); !set) return set.error();
    openssl_owner<SSL_CTX> made(SSL_CTX_new(TLS_client_method()));
    if (!made) return noted_error();
    SSL_CTX* const ctx = made.get();
    if (const auto set = set_common(ctx, how.least, how.ciphers); !set) return set.error();
    if (how.servers != tls_verify::off) {
      SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
      if (const auto set = trust(ctx, how.authorities, false); !set) return set.error();
    }
    const auto length = static_cast<unsigned>(protocols_.size());
    if (length != 0 && SSL_CTX_set_alpn_protos(ctx, protocols_.data(), length) != 0) return noted_error();
    if (!how.identity.chain.empty()) {
      if (const auto set = show(ctx, how.identity); !set) return set.error();
    }
    kept_hosts_ = how.hosts;
    if (kept_hosts_ != 0) {
      SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
      SSL_CTX_sess_set_new_cb(ctx, &keep_session);
      SSL_CTX_set_app_data(ctx, this);
    }
    contexts_.push_back(std::move(made));
    return {};
  }

  /// The tickets that the other gave are good here too.
  void inherit(const tls_state& other) noexcept {
    std::array<unsigned char, 256> keys{};
    const long size = SSL_CTX_get_tlsext_ticket_keys(other.native(), nullptr, 0);
    if (size <= 0 || size > static_cast<long>(keys.size())) return;
    if (SSL_CTX_get_tlsext_ticket_keys(other.native(), keys.data(), size) != 1) return;
    for (const auto& each : contexts_) SSL_CTX_set_tlsext_ticket_keys(each.get(), keys.data(), size);
    OPENSSL_cleanse(keys.data(), keys.size());
  }

  /// A session with that host, to come back with; null when there is none. One of TLS 1.3 is given once: who sees two
  /// connections with one ticket knows that they are the same client's (RFC 8446, C.4).
  [[nodiscard]] openssl_owner<SSL_SESSION> session_with(const std::string& host) {
    const std::lock_guard held(sessions_lock_);
    for (auto at = sessions_.begin(); at != sessions_.end(); ++at) {
      if (at->host != host) continue;
      if (SSL_SESSION_get_protocol_version(at->last.get()) != TLS1_3_VERSION) {
        SSL_SESSION_up_ref(at->last.get());
        return openssl_owner<SSL_SESSION>(at->last.get());
      }
      openssl_owner<SSL_SESSION> found = std::move(at->last);
      sessions_.erase(at);
      return found;
    }
    return nullptr;
  }

 private:
  struct name {
    std::string host;
    SSL_CTX* shown;
  };
  struct kept {
    std::string host;
    openssl_owner<SSL_SESSION> last;
  };

  [[nodiscard]] static result<void> set_common(SSL_CTX* ctx, tls_version least, const std::string& ciphers) noexcept {
    SSL_CTX_set_min_proto_version(ctx, least == tls_version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_read_ahead(ctx, 1);  // else the head of each record is a system call of its own
    if (SSL_CTX_set_cipher_list(ctx, ciphers.c_str()) != 1) return noted_error();
    return {};
  }

  [[nodiscard]] static result<void> trust(SSL_CTX* ctx, const std::string& authorities, bool serving) {
    if (authorities.empty()) {
      if (SSL_CTX_set_default_verify_paths(ctx) != 1) return noted_error();
      return {};
    }
    const auto all = read_certificates(authorities);
    if (!all) return all.error();
    for (int i = 0; i < sk_X509_num(all->get()); ++i) {
      X509* const each = sk_X509_value(all->get(), i);
      if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), each) != 1) return noted_error();
      if (serving && SSL_CTX_add_client_CA(ctx, each) != 1) return noted_error();
    }
    return {};
  }

  [[nodiscard]] result<void> show(SSL_CTX* ctx, const tls_identity& who) {
    auto chain = read_certificates(who.chain);
    if (!chain) return chain.error();
    const openssl_owner<BIO> pem = open_pem(who.key);
    const openssl_owner<EVP_PKEY> key(pem ? PEM_read_bio_PrivateKey(pem.get(), nullptr, &no_password, nullptr)
                                          : nullptr);
    if (!key) return noted_error();
    const openssl_owner<X509> leaf(sk_X509_shift(chain->get()));
    if (SSL_CTX_use_cert_and_key(ctx, leaf.get(), key.get(), chain->get(), 1) != 1) return noted_error();
    for (const std::string& host : who.hosts) add_name(in_lower_case(host), ctx);
    if (who.hosts.empty()) add_names_of(leaf.get(), ctx);
    ERR_clear_error();
    return {};
  }

  void add_names_of(X509* leaf, SSL_CTX* ctx) {
    void* const found = X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr);
    const openssl_owner<GENERAL_NAMES> all(static_cast<GENERAL_NAMES*>(found));
    if (!all) return;
    for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
      const GENERAL_NAME* const each = sk_GENERAL_NAME_value(all.get(), i);
      if (each->type != GEN_DNS) continue;
      const auto* const text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName));
      const std::string_view host(text, static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName)));
      add_name(in_lower_case(host), ctx);
    }
  }

  [[nodiscard]] static std::string in_lower_case(std::string_view host) {
    std::string lower(host);
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
  }

  /// As the wire has them: each behind its length.
  [[nodiscard]] result<void> set_protocols(const std::vector<std::string>& all) {
    for (const std::string& each : all) {
      if (each.empty() || each.size() > 255) return std::errc::invalid_argument;
      protocols_.push_back(static_cast<unsigned char>(each.size()));
      for (const char c : each) protocols_.push_back(static_cast<unsigned char>(c));
    }
    return {};
  }

  [[nodiscard]] SSL_CTX* identity_for(std::string_view host) const noexcept {
    const std::size_t at = place_of(host);
    return at != names_.size() && names_[at].host == host ? names_[at].shown : nullptr;
  }
  /// The first identity that has a name keeps it.
  void add_name(std::string host, SSL_CTX* shown) {
    const std::size_t at = place_of(host);
    if (at != names_.size() && names_[at].host == host) return;
    names_.insert(names_.begin() + static_cast<std::ptrdiff_t>(at), {std::move(host), shown});
  }
  [[nodiscard]] std::size_t place_of(std::string_view host) const noexcept {
    std::size_t begin = 0;
    for (std::size_t end = names_.size(); begin != end;) {
      const std::size_t middle = (begin + end) / 2;
      if (names_[middle].host < host) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    return begin;
  }

  static int choose_identity(SSL* ssl, int* /*alert*/, void* its) {
    const char* const asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
    const auto& self = *static_cast<const tls_state*>(its);
    const std::string host = in_lower_case(asked);
    SSL_CTX* shown = self.identity_for(host);
    if (const std::size_t dot = host.find('.'); shown == nullptr && dot != std::string::npos) {
      shown = self.identity_for("*" + host.substr(dot));
    }
    if (shown != nullptr && shown != SSL_get_SSL_CTX(ssl)) SSL_set_SSL_CTX(ssl, shown);
    return SSL_TLSEXT_ERR_OK;
  }

  static int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                             unsigned offered_bytes, void* its) {
    const auto& ours = static_cast<const tls_state*>(its)->protocols_;
    unsigned char* chosen = nullptr;
    const int how =
        SSL_select_next_proto(&chosen, size, ours.data(), static_cast<unsigned>(ours.size()), offered, offered_bytes);
    *out = chosen;
    return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  /// The server has given a session.
  static int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto& self = *static_cast<tls_state*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    const auto* const host = static_cast<const std::string*>(SSL_get_app_data(ssl));
    if (host->empty()) return 0;
    const std::lock_guard held(self.sessions_lock_);
    for (kept& each : self.sessions_) {
      if (each.host != *host) continue;
      each.last.reset(session);
      return 1;
    }
    if (self.sessions_.size() >= self.kept_hosts_) self.sessions_.erase(self.sessions_.begin());
    self.sessions_.push_back({*host, openssl_owner<SSL_SESSION>(session)});
    return 1;
  }

  bool serving_;
  std::vector<openssl_owner<SSL_CTX>> contexts_;  // the first begins each connection
  std::vector<name> names_;                       // in order, each once
  std::vector<unsigned char> protocols_;
  std::mutex sessions_lock_;
  std::size_t kept_hosts_ = 0;
  std::vector<kept> sessions_;  // the first came first
};

}  // namespace detail

/// What TLS connections begin with: who we are, whom we trust, which protocols we speak.
///
///     auto ours = tenon::tls_context::server({.identities = {{"/etc/me/chain.pem", "/etc/me/key.pem"}},
///                                             .protocols = {"http/1.1"}});
///     if (!ours) return fail(ours.error().message());
///     ...
///     const auto renewed = ours->reload({...});   // while connections are served: none is lost, new ones get the new
///
/// Shape    A pointer to what all copies share: a copy is the same context. A program has one for each role.
/// Cost     A certificate is read and parsed at server() and reload(), which read files where they are called: from
///          `blocking` when that matters. A connection that begins takes a mutex for as long as one pointer is copied.
/// Threads  All members, from any thread.
/// Errors   server, client, reload: the system's errno for a file; OpenSSL's reason, such as "private key mismatch";
///          invalid_argument: no identity, or a protocol's name that is empty or over 255 bytes. After an error of
///          reload() all is as it was.
/// Names    A server shows the identity whose hosts have the name that the client asks for (SNI), or else a wildcard of
///          it ("*.example.org" for www.example.org), or else the first.
/// Tickets  They are encrypted with keys of the context's own, and reload() keeps those: who was there before a reload
///          comes back without a whole handshake. Nothing is kept at the server.
class tls_context {
 public:
  [[nodiscard]] static result<tls_context> server(const tls_server_settings& how) { return make(how, true); }
  [[nodiscard]] static result<tls_context> client(const tls_client_settings& how = {}) { return make(how, false); }

  /// Connections that begin from now on are as this says; those that are there go on as they are.
  [[nodiscard]] result<void> reload(const tls_server_settings& how) { return replace(how, true); }
  [[nodiscard]] result<void> reload(const tls_client_settings& how) { return replace(how, false); }

  // What tls_stream uses.
  [[nodiscard]] std::shared_ptr<detail::tls_state> state() const {
    const std::lock_guard held(slot_->lock);
    return slot_->state;
  }

 private:
  struct slot {
    std::mutex lock;
    std::shared_ptr<detail::tls_state> state;
  };

  tls_context() : slot_(std::make_shared<slot>()) {}

  template <class Settings>
  [[nodiscard]] static result<std::shared_ptr<detail::tls_state>> build(const Settings& how, bool serving) {
    auto made = std::make_shared<detail::tls_state>(serving);
    if (const auto done = made->become(how); !done) return done.error();
    return made;
  }
  template <class Settings>
  [[nodiscard]] static result<tls_context> make(const Settings& how, bool serving) {
    auto built = build(how, serving);
    if (!built) return built.error();
    tls_context made;
    made.slot_->state = std::move(*built);
    return made;
  }
  template <class Settings>
  [[nodiscard]] result<void> replace(const Settings& how, bool serving) {
    if (state()->is_server() != serving) return std::errc::invalid_argument;
    auto built = build(how, serving);
    if (!built) return built.error();
    if (serving) (*built)->inherit(*state());
    const std::lock_guard held(slot_->lock);
    slot_->state.swap(*built);
    return {};
  }

  std::shared_ptr<slot> slot_;
};

}  // namespace tenon
