// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tenon {

/// The oldest TLS that is spoken. What is older than 1.2 is not spoken at all.
enum class tls_version : std::uint8_t { tls_1_2, tls_1_3 };

/// Whether the other side's certificate is asked for and looked at.
enum class tls_verify : std::uint8_t {
  off,      ///< no; a client that asks for no proof talks to anyone who stands in between
  offered,  ///< of a server: a client may show one, and then it has to be good
  required
};

/// Who one is: a certificate and its key, each either PEM text or the path of a file that holds it.
struct tls_identity {
  std::string chain;                 ///< the certificate, and behind it those that vouch for it, without the root
  std::string key;                   ///< its private key, not encrypted
  std::vector<std::string> hosts{};  ///< for which hosts a server shows it; none: those that the certificate names
};

/// What a server is: see `tls_context::server`.
struct tls_server_settings {
  std::vector<tls_identity> identities{};  ///< the first is shown to who asks for no host, or for one unknown
  std::vector<std::string> protocols{};    ///< ALPN, the one most wanted first: {"h2", "http/1.1"}
  tls_version least = tls_version::tls_1_2;
  tls_verify clients = tls_verify::off;
  std::string authorities{};  ///< who vouches for clients: PEM text or a path
  std::size_t tickets = 2;    ///< with how many a client may come back sooner; 0: each handshake is a whole one
  std::string ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";  ///< of TLS 1.2, as OpenSSL writes them; 1.3 has only good ones
};

/// What a client is: see `tls_context::client`.
struct tls_client_settings {
  std::string authorities{};             ///< whom it trusts: PEM text or a path; none: whom the system trusts
  std::vector<std::string> protocols{};  ///< ALPN
  tls_identity identity{};               ///< shown to a server that asks for it
  tls_version least = tls_version::tls_1_2;
  tls_verify servers = tls_verify::required;
  std::size_t hosts = 256;  ///< for how many hosts a session is kept, to come back sooner; 0: for none
  std::string ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";  ///< of TLS 1.2
};

}  // namespace tenon
