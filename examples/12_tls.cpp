// SPDX-License-Identifier: BSL-1.0
// One echo, over TCP and over TLS: the same code. The certificate is made in memory, and replaced while it is used.
#if __has_include(<openssl/ssl.h>)
#include <tenon/tenon.hpp>

#include <tenon/net/tls_stream.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

using namespace std::chrono_literals;

struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
using secure = tenon::tls_stream<edge::tcp_stream>;

// What is served, whatever carries it.
template <class Stream>
tenon::task<void> echo(Stream peer) {
  std::array<std::byte, 4096> room;
  for (;;) {
    const auto n = co_await peer.read_some(room);
    if (!n) co_return;
    if (*n == 0) break;
    const auto sent = co_await peer.write_all(std::span(room).first(*n));
    if (!sent) co_return;
  }
  (void)peer.shutdown_send();  // under TLS the farewell: what came before it was all
}

tenon::task<void> serve_plain(edge& rt, edge::tcp_listener door) {
  tenon::scope conns{rt};
  while (auto peer = co_await door.accept()) conns.spawn(echo<edge::tcp_stream>, std::move(*peer));
  co_await conns.join();
}

// A handshake is a conversation too: beside the others, and with a deadline.
tenon::task<void> greet(edge& rt, edge::tcp_stream over, tenon::tls_context ours) {
  auto peer = co_await secure::accept(std::move(over), ours, rt.now() + 5s);
  if (peer) co_await echo(std::move(*peer));
}

tenon::task<void> serve_secure(edge& rt, edge::tcp_listener door, tenon::tls_context ours) {
  tenon::scope conns{rt};
  while (auto peer = co_await door.accept()) conns.spawn(greet, std::ref(rt), std::move(*peer), ours);
  co_await conns.join();
}

// A certificate for localhost that vouches for itself, as PEM. A real one comes from files: {"chain.pem", "key.pem"}.
tenon::tls_identity make_identity(const char* name) {
  const auto text_of = [](auto write) {
    BIO* const page = BIO_new(BIO_s_mem());
    write(page);
    char* data = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(page, &data));
    std::string text(data, size);
    BIO_free(page);
    return text;
  };
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const own = X509_new();
  X509_set_version(own, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(own), 1);
  X509_gmtime_adj(X509_getm_notBefore(own), -60);
  X509_gmtime_adj(X509_getm_notAfter(own), 3600);
  X509_set_pubkey(own, key);
  X509_NAME* const subject = X509_get_subject_name(own);
  const auto* const text = reinterpret_cast<const unsigned char*>(name);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0);
  X509_set_issuer_name(own, subject);
  X509_EXTENSION* const hosts = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
  X509_add_ext(own, hosts, -1);
  X509_EXTENSION_free(hosts);
  X509_sign(own, key, EVP_sha256());
  tenon::tls_identity made;
  made.chain = text_of([&](BIO* page) { PEM_write_bio_X509(page, own); });
  made.key = text_of([&](BIO* page) { PEM_write_bio_PrivateKey(page, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(own);
  EVP_PKEY_free(key);
  return made;
}

// Says a word and hears it again, over whatever.
template <class Stream>
tenon::task<bool> ask(Stream& peer, std::string_view word) {
  const auto sent = co_await peer.write_all(std::as_bytes(std::span(word)), peer.runtime().now() + 5s);
  if (!sent) co_return false;
  std::array<std::byte, 64> room{};
  std::size_t got = 0;
  while (got < word.size()) {
    const auto n = co_await peer.read_some(std::span(room).subspan(got), peer.runtime().now() + 5s);
    if (!n || *n == 0) co_return false;
    got += *n;
  }
  co_return std::string_view(reinterpret_cast<const char*>(room.data()), got) == word;
}

tenon::task<int> demonstrate(edge& rt) {
  const tenon::tls_identity first = make_identity("first");
  const tenon::tls_identity second = make_identity("second");
  tenon::tls_server_settings how;
  how.identities = {first};
  how.protocols = {"echo/1"};
  auto ours = tenon::tls_context::server(how);
  if (!ours) {
    std::printf("%s\n", ours.error().message().c_str());
    co_return 1;
  }
  auto plain_door = edge::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  auto secure_door = edge::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  const auto plain_at = plain_door.local_endpoint();
  const auto secure_at = secure_door.local_endpoint();
  rt.spawn(serve_plain, std::ref(rt), std::move(plain_door));
  rt.spawn(serve_secure, std::ref(rt), std::move(secure_door), *ours);

  auto bare = co_await edge::tcp_stream::connect(rt, plain_at);
  if (!bare) co_return 1;
  const bool plainly = co_await ask(*bare, "hello");
  std::printf("over TCP: %s\n", plainly ? "hello" : "nothing");

  tenon::tls_client_settings whom;
  whom.authorities = first.chain + second.chain;  // none named: those that the system trusts
  whom.protocols = {"echo/1"};
  const auto trust = tenon::tls_context::client(whom).value();
  bool all = plainly;
  auto dial = [](edge& runtime, tenon::endpoint at, tenon::tls_context by,
                 std::string host) -> tenon::task<tenon::result<secure>> {
    auto over = co_await edge::tcp_stream::connect(runtime, std::move(at), runtime.now() + 5s);
    if (!over) co_return over.error();
    co_return co_await secure::connect(std::move(*over), by, host, runtime.now() + 5s);
  };
  auto old = co_await dial(rt, secure_at, trust, "localhost");
  if (!old) co_return 1;
  all = co_await ask(*old, "hello") && all;
  std::printf("over %s with %s: hello, from %s\n", std::string(old->version()).c_str(),
              std::string(old->negotiated_protocol()).c_str(), old->peer_subject().c_str());

  how.identities = {second};
  all = ours->reload(how) && all;
  all = co_await ask(*old, "still here") && all;  // what is connected goes on
  auto back = co_await dial(rt, secure_at, trust, "localhost");
  if (!back) co_return 1;
  all = co_await ask(*back, "back") && all;
  std::printf("reloaded; the old connection goes on; who comes back %s\n",
              back->resumed() ? "resumes, for the tickets are good still" : "shakes hands anew");
  const auto stranger = tenon::tls_context::client(whom).value();
  auto fresh = co_await dial(rt, secure_at, stranger, "localhost");
  if (!fresh) co_return 1;
  std::printf("who is new sees %s\n", fresh->peer_subject().c_str());
  const auto wrong = co_await dial(rt, secure_at, stranger, "example.org");
  std::printf("example.org? %s\n", wrong.error().message().c_str());
  all = all && fresh->peer_subject() == "CN=second" && wrong.error() == tenon::tls_errc::wrong_host;
  (void)old->shutdown_send();
  std::array<std::byte, 16> room{};
  const auto end = co_await old->read_some(room, rt.now() + 5s);
  all = all && end && *end == 0;
  co_return all ? 0 : 1;
}

int main() {
  edge rt{{.threads = 2, .name = "tls"}};
  return rt.run(demonstrate(rt));
}
#else
#include <cstdio>

int main() {
  std::puts("left out: there is no openssl/ssl.h here");
  return 0;
}
#endif
