// SPDX-License-Identifier: BSL-1.0
// Suite tls: TLS streams against OpenSSL in an epoll loop written by hand. Both ends of a connection are in one thread,
// over TCP on the loopback; P-256 certificates, TLS 1.3, the same settings of OpenSSL.

#include "measure/harness.hpp"

#if __has_include(<openssl/ssl.h>)
#include <tenon/tenon.hpp>

#include <tenon/net/tls_stream.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct alone : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};
using secure = tenon::tls_stream<alone::tcp_stream>;

[[noreturn]] void give_up(const char* where) {
  std::fprintf(stderr, "tls: %s failed\n", where);
  std::exit(1);
}

tenon::tls_identity make_identity() {
  const auto text_of = [](auto write) {
    BIO* const page = BIO_new(BIO_s_mem());
    write(page);
    char* data = nullptr;
    const auto size = std::size_t(BIO_get_mem_data(page, &data));
    std::string text(data, size);
    BIO_free(page);
    return text;
  };
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const own = X509_new();
  X509_set_version(own, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(own), 1);
  X509_gmtime_adj(X509_getm_notBefore(own), -60);
  X509_gmtime_adj(X509_getm_notAfter(own), 86400);
  X509_set_pubkey(own, key);
  X509_NAME* const subject = X509_get_subject_name(own);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("bench"), -1, -1, 0);
  X509_set_issuer_name(own, subject);
  X509_EXTENSION* const hosts = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
  X509_add_ext(own, hosts, -1);
  X509_EXTENSION_free(hosts);
  X509_sign(own, key, EVP_sha256());
  tenon::tls_identity made{text_of([&](BIO* page) { PEM_write_bio_X509(page, own); }), text_of([&](BIO* page) {
                             PEM_write_bio_PrivateKey(page, key, nullptr, nullptr, 0, nullptr, nullptr);
                           })};
  X509_free(own);
  EVP_PKEY_free(key);
  return made;
}
const tenon::tls_identity& identity() {
  static const tenon::tls_identity only = make_identity();
  return only;
}
const tenon::tls_context& server() {
  static const tenon::tls_context only = [] {
    tenon::tls_server_settings how;
    how.identities.push_back(identity());
    return tenon::tls_context::server(how).value();
  }();
  return only;
}
tenon::tls_context client(bool comes_back) {
  tenon::tls_client_settings how;
  how.authorities = identity().chain;
  how.hosts = comes_back ? 1 : 0;
  return tenon::tls_context::client(how).value();
}

double heap_bytes() {
  const auto now = ::mallinfo2();
  return double(now.uordblks) + double(now.hblkhd);
}

namespace ours {

struct ends {
  tenon::result<secure> near;
  tenon::result<secure> far;

  ends(tenon::result<secure> one, tenon::result<secure> other) : near(std::move(one)), far(std::move(other)) {}
};

tenon::task<ends> meet(alone& rt, alone::tcp_listener& door, const tenon::tls_context& by) {
  auto near = co_await alone::tcp_stream::connect(rt, door.local_endpoint());
  auto far = co_await door.accept();
  if (!near || !far) give_up("connecting");
  auto [one, other] = co_await tenon::when_all(secure::connect(std::move(*near), by, "localhost"),
                                               secure::accept(std::move(*far), server()));
  if (!one || !other) give_up("a handshake");
  co_return ends(std::move(one), std::move(other));
}

/// Runs `main(rt, door, items)`.
template <class Main>
void run(long items, Main main) {
  alone rt;
  rt.run([](alone& self, Main body, long count) -> tenon::task<void> {
    auto door = alone::tcp_listener::bind(self, {"127.0.0.1", 0}).value();
    co_await body(self, door, count);
  }(rt, main, items));
}

void handshakes(long items, bool comes_back) {
  const tenon::tls_context by = client(comes_back);
  run(items, [&by, comes_back](alone& rt, alone::tcp_listener& door, long count) -> tenon::task<void> {
    for (long i = 0; i < count; ++i) {
      ends both = co_await meet(rt, door, by);
      std::array<std::byte, 1> room;
      const auto sent = co_await both.far->write_all(room);  // behind the tickets
      const auto got = co_await both.near->read_some(room);
      if (!sent || !got || both.near->resumed() != (comes_back && i > 0)) give_up("coming back");
    }
  });
}

tenon::task<void> echo(secure& at, long count) {
  std::array<std::byte, 64> room;
  for (long i = 0; i < count; ++i) {
    const auto n = co_await at.read_some(room);
    const auto sent = co_await at.write_all(room);
    if (!n || !sent) give_up("the echo");
  }
}
tenon::task<void> ask(secure& at, long count) {
  std::array<std::byte, 64> room{};
  for (long i = 0; i < count; ++i) {
    const auto sent = co_await at.write_all(room);
    const auto n = co_await at.read_some(room);
    if (!n || !sent) give_up("asking");
  }
}
double round_trips(long items) {
  double taken = 0;
  run(items, [&taken](alone& rt, alone::tcp_listener& door, long count) -> tenon::task<void> {
    ends both = co_await meet(rt, door, client(false));
    co_await tenon::when_all(ask(*both.near, 100), echo(*both.far, 100));
    const auto start = measure::clock::now();
    co_await tenon::when_all(ask(*both.near, count), echo(*both.far, count));
    taken = measure::nanoseconds_since(start) / double(count);
  });
  return taken;
}

tenon::task<void> pour(secure& into, long megabytes) {
  const std::vector<std::byte> piece(64 * 1024);
  for (long i = 0; i < megabytes * 16; ++i) {
    const auto sent = co_await into.write_all(piece);
    if (!sent) give_up("pouring");
  }
}
tenon::task<void> drain(secure& from, long megabytes) {
  std::vector<std::byte> room(64 * 1024);
  for (std::size_t left = std::size_t(megabytes) << 20U; left != 0;) {
    const auto n = co_await from.read_some(room);
    if (!n || *n == 0) give_up("draining");
    left -= *n;
  }
}
double bulk(long items) {
  double taken = 0;
  run(items, [&taken](alone& rt, alone::tcp_listener& door, long count) -> tenon::task<void> {
    ends both = co_await meet(rt, door, client(false));
    const auto start = measure::clock::now();
    co_await tenon::when_all(pour(*both.near, count), drain(*both.far, count));
    taken = measure::nanoseconds_since(start) / double(count);
  });
  return taken;
}

tenon::task<void> idle(secure* at) {
  const auto ready = co_await at->readable();
  (void)ready;
}
/// Bytes of heap of one end: two talk, and then wait.
double weight(long items) {
  double bytes = 0;
  run(items, [&bytes](alone& rt, alone::tcp_listener& door, long count) -> tenon::task<void> {
    const tenon::tls_context by = client(false);
    std::vector<ends> all;
    all.reserve(std::size_t(count));
    tenon::scope waits{rt};
    double before = 0;
    for (long i = 0; i < count; ++i) {
      if (i == 8) before = heap_bytes();  // warm
      all.push_back(co_await meet(rt, door, by));
      co_await tenon::when_all(ask(*all.back().near, 1), echo(*all.back().far, 1));
      waits.spawn(idle, &*all.back().near);
      waits.spawn(idle, &*all.back().far);
      co_await tenon::yield();
    }
    bytes = (heap_bytes() - before) / double(count - 8) / 2;
    waits.cancel();
    co_await waits.join();
  });
  return bytes;
}

}  // namespace ours

namespace by_hand {

/// One end: a socket in the loop, edge-triggered, and OpenSSL's object on it.
struct end {
  int fd = -1;
  SSL* ssl = nullptr;
  long left = 0;
};

class loop {
 public:
  explicit loop(bool releases) {
    near_ = SSL_CTX_new(TLS_client_method());
    far_ = SSL_CTX_new(TLS_server_method());
    for (SSL_CTX* const each : {near_, far_}) {
      SSL_CTX_set_read_ahead(each, 1);
      SSL_CTX_set_mode(each, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
      if (releases) SSL_CTX_set_mode(each, SSL_MODE_RELEASE_BUFFERS);
    }
    SSL_CTX_set_session_cache_mode(far_, SSL_SESS_CACHE_OFF);
    BIO* const chain = BIO_new_mem_buf(identity().chain.data(), int(identity().chain.size()));
    BIO* const key = BIO_new_mem_buf(identity().key.data(), int(identity().key.size()));
    X509* const own = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
    EVP_PKEY* const secret = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    SSL_CTX_use_cert_and_key(far_, own, secret, nullptr, 1);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(near_), own);
    SSL_CTX_set_verify(near_, SSL_VERIFY_PEER, nullptr);
    X509_free(own);
    EVP_PKEY_free(secret);
    BIO_free(chain);
    BIO_free(key);
    poller_ = ::epoll_create1(0);
    door_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(door_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(door_, 16);
  }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  ~loop() {
    SSL_CTX_free(near_);
    SSL_CTX_free(far_);
    ::close(poller_);
    ::close(door_);
  }

  void meet(end& near, end& far, SSL_SESSION* before = nullptr) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    ::getsockname(door_, reinterpret_cast<sockaddr*>(&at), &size);
    near.fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(near.fd, reinterpret_cast<sockaddr*>(&at), size) != 0) give_up("connecting by hand");
    far.fd = ::accept(door_, nullptr, nullptr);
    for (end* const each : {&near, &far}) {
      const int on = 1;
      ::fcntl(each->fd, F_SETFL, O_NONBLOCK);
      ::setsockopt(each->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      each->ssl = SSL_new(each == &near ? near_ : far_);
      SSL_set_fd(each->ssl, each->fd);
      epoll_event asked{EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = each}};
      ::epoll_ctl(poller_, EPOLL_CTL_ADD, each->fd, &asked);
    }
    SSL_set_connect_state(near.ssl);
    SSL_set_accept_state(far.ssl);
    SSL_set1_host(near.ssl, "localhost");
    SSL_set_tlsext_host_name(near.ssl, "localhost");
    if (before != nullptr) SSL_set_session(near.ssl, before);
    int done = 0;
    turn(
        [&](end& at_hand) {
          if (SSL_is_init_finished(at_hand.ssl) == 1) return;
          if (SSL_do_handshake(at_hand.ssl) == 1) ++done;
        },
        [&] { return done == 2; });
  }
  static void part(end& near, end& far) {
    for (end* const each : {&near, &far}) {
      SSL_set_shutdown(each->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
      SSL_free(each->ssl);
      ::close(each->fd);
    }
  }

  template <class Handle, class Over>
  void turn(Handle handle, Over over) {
    while (!over()) {
      std::array<epoll_event, 16> events;
      const int count = ::epoll_wait(poller_, events.data(), int(events.size()), -1);
      for (int i = 0; i < count; ++i) handle(*static_cast<end*>(events[std::size_t(i)].data.ptr));
    }
  }

 private:
  SSL_CTX* near_;
  SSL_CTX* far_;
  int poller_;
  int door_;
};

void handshakes(long items, bool comes_back) {
  loop all(false);
  SSL_SESSION* before = nullptr;
  for (long i = 0; i < items; ++i) {
    end near;
    end far;
    all.meet(near, far, before);
    char byte = 0;
    SSL_write(far.ssl, &byte, 1);
    while (SSL_read(near.ssl, &byte, 1) != 1) {
    }
    if ((SSL_session_reused(near.ssl) == 1) != (comes_back && i > 0)) give_up("coming back by hand");
    if (before != nullptr) SSL_SESSION_free(before);
    before = comes_back ? SSL_get1_session(near.ssl) : nullptr;
    loop::part(near, far);
  }
  if (before != nullptr) SSL_SESSION_free(before);
}

double round_trips(long items) {
  loop all(true);
  end near;
  end far;
  all.meet(near, far);
  std::array<char, 64> room{};
  const auto go = [&](long count) {
    long heard = 0;
    SSL_write(near.ssl, room.data(), 64);
    all.turn(
        [&](end& at) {
          while (SSL_read(at.ssl, room.data(), 64) == 64) {
            if (&at == &near && ++heard == count) return;
            SSL_write(at.ssl, room.data(), 64);
          }
        },
        [&] { return heard == count; });
  };
  go(100);
  const auto start = measure::clock::now();
  go(items);
  const double taken = measure::nanoseconds_since(start) / double(items);
  loop::part(near, far);
  return taken;
}

double bulk(long items) {
  loop all(true);
  end near;
  end far;
  all.meet(near, far);
  std::vector<char> piece(64 * 1024);
  std::vector<char> room(64 * 1024);
  std::size_t to_write = std::size_t(items) << 20U;
  std::size_t to_read = to_write;
  const auto write = [&] {
    while (to_write != 0) {
      std::size_t done = 0;
      const std::size_t at = (0 - to_write) % piece.size();
      if (SSL_write_ex(near.ssl, piece.data() + at, piece.size() - at, &done) != 1) return;
      to_write -= done;
    }
  };
  const auto start = measure::clock::now();
  write();
  all.turn(
      [&](end& at) {
        if (&at == &near) return write();
        for (std::size_t done = 0; to_read != 0 && SSL_read_ex(far.ssl, room.data(), room.size(), &done) == 1;) {
          to_read -= done;
        }
      },
      [&] { return to_read == 0; });
  const double taken = measure::nanoseconds_since(start) / double(items);
  loop::part(near, far);
  return taken;
}

double weight(long items, bool releases) {
  loop all(releases);
  std::vector<end> ends(std::size_t(items) * 2);
  double before = 0;
  std::array<char, 64> room{};
  for (std::size_t i = 0; i < ends.size(); i += 2) {
    if (i == 16) before = heap_bytes();
    all.meet(ends[i], ends[i + 1]);
    for (const std::size_t from : {i, i + 1}) {
      SSL_write(ends[from].ssl, room.data(), 64);
      while (SSL_read(ends[from ^ 1U].ssl, room.data(), 64) != 64) {
      }
    }
  }
  const double bytes = (heap_bytes() - before) / double(ends.size() - 16);
  for (std::size_t i = 0; i < ends.size(); i += 2) loop::part(ends[i], ends[i + 1]);
  return bytes;
}

}  // namespace by_hand

}  // namespace

int main(int argc, char** argv) {
  measure::suite suite{"tls"};
  auto& whole = suite.add("handshake, whole", "ns per handshake", 200);
  whole.ours("tls_stream", [](long items) { ours::handshakes(items, false); });
  whole.peer("OpenSSL by hand", [](long items) { by_hand::handshakes(items, false); });
  auto& resumed = suite.add("handshake, resumed", "ns per handshake", 300);
  resumed.ours("tls_stream", [](long items) { ours::handshakes(items, true); });
  resumed.peer("OpenSSL by hand", [](long items) { by_hand::handshakes(items, true); });
  auto& trip = suite.add("64 B there and back", "ns per round trip", 20'000);
  trip.ours("tls_stream", [](long items) { return ours::round_trips(items); });
  trip.peer("OpenSSL by hand", [](long items) { return by_hand::round_trips(items); });
  auto& bulk = suite.add("one way", "ns per MiB", 200);
  bulk.ours("tls_stream", [](long items) { return ours::bulk(items); });
  bulk.peer("OpenSSL by hand", [](long items) { return by_hand::bulk(items); });
  auto& idle = suite.add("idle", "bytes of heap per end", 200);
  idle.rounds(3);
  idle.ours("tls_stream", [](long items) { return ours::weight(items); });
  idle.peer("OpenSSL by hand, releasing buffers", [](long items) { return by_hand::weight(items, true); });
  idle.peer("OpenSSL by hand", [](long items) { return by_hand::weight(items, false); });
  return suite.run(argc, argv);
}
#else
int main(int argc, char** argv) {
  measure::suite suite{"tls"};
  suite.note("left out: there is no openssl/ssl.h here (libssl-dev)");
  return suite.run(argc, argv);
}
#endif
