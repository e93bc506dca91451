// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>)
#include "../net/tls.hpp"

#include "storm.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

// A soak of TLS: clients that connect, come back, talk, say farewell, cut, reset and give up in the midst of a
// handshake, while the server's certificate is replaced all the time. Nobody who is served sees an error, and neither
// memory nor descriptors grow. TENON_SOAK_S=600 in the environment makes it ten minutes a backend.

namespace {

using namespace tenon_test;

double soak_seconds() {
  if (const char* const asked = std::getenv("TENON_SOAK_S")) return std::atof(asked);
  return is_full() ? 30 : 0.7;
}

/// What has happened. `what_went_wrong` is the first few errors: at which step, and which.
struct figures {
  std::atomic<long> connections{0};
  std::atomic<long> resumptions{0};
  std::atomic<long> resets{0};
  std::atomic<long> reloads{0};
  std::atomic<long> errors{0};
  std::atomic<bool> over{false};
  std::mutex lock;
  std::string what_went_wrong;
};

void complain(figures& of, const char* what, const std::error_code& error = {}) {
  if (of.errors.fetch_add(1) >= 10) return;
  const std::lock_guard held(of.lock);
  of.what_went_wrong += std::string("\n  ") + what;
  if (error) of.what_went_wrong += ": " + error.message();
}

/// Errors that the clients make on purpose.
bool is_their_doing(const std::error_code& error) {
  return error == std::errc::connection_reset || error == std::errc::broken_pipe || error == tenon::tls_errc::truncated;
}

template <class R>
task<void> serve_one(R& rt, typename R::tcp_stream over, tenon::tls_context by, figures& of) {
  auto peer = co_await secure<R>::accept(std::move(over), by, rt.now() + 20s);
  if (!peer) {
    if (!is_their_doing(peer.error())) complain(of, "the server shakes hands", peer.error());
    co_return;
  }
  std::array<std::byte, 20000> room;
  for (;;) {
    const auto n = co_await peer->read_some(room, rt.now() + 20s);
    if (!n && !is_their_doing(n.error())) complain(of, "the server reads", n.error());
    if (!n) co_return;
    if (*n == 0) break;
    const auto sent = co_await peer->write_all(std::span(room).first(*n), rt.now() + 20s);
    if (!sent && !is_their_doing(sent.error())) complain(of, "the server writes", sent.error());
    if (!sent) co_return;
  }
  if (const auto said = peer->shutdown_send(); !said && !is_their_doing(said.error())) {
    complain(of, "the server says farewell", said.error());
  }
}
template <class R>
task<void> serve_all(R& rt, typename R::tcp_listener door, tenon::tls_context by, tenon::scope<R>& conns, figures& of) {
  for (;;) {
    auto peer = co_await door.accept();
    if (!peer && peer.error() == std::errc::operation_canceled) co_return;
    if (peer) {
      conns.spawn(serve_one<R>, std::ref(rt), std::move(*peer), by, std::ref(of));
    } else {
      complain(of, "the server accepts", peer.error());
    }
  }
}

/// What is sent comes back, as much as `bytes`.
template <class R>
task<void> echo_of(secure<R>& peer, std::size_t bytes, figures& of) {
  std::vector<std::byte> said(bytes, static_cast<std::byte>(bytes));
  std::vector<std::byte> heard(bytes);
  auto write = [](secure<R>& to, std::span<const std::byte> from, figures& all) -> task<void> {
    const auto sent = co_await to.write_all(from, to.runtime().now() + 20s);
    if (!sent) complain(all, "the client writes", sent.error());
  };
  auto read = [](secure<R>& from, std::span<std::byte> into, figures& all) -> task<bool> {
    while (!into.empty()) {
      const auto n = co_await from.read_some(into, from.runtime().now() + 20s);
      if (!n) complain(all, "the client reads", n.error());
      if (n && *n == 0) complain(all, "the client reads, and it ends");
      if (!n || *n == 0) co_return false;
      into = into.subspan(*n);
    }
    co_return true;
  };
  auto writing = write(peer, said, of);
  auto reading = read(peer, heard, of);
  auto [sent, got] = co_await tenon::when_all(std::move(writing), std::move(reading));
  if (got && said != heard) complain(of, "the echo differs");
}

template <class R>
task<void> come_and_go(R& rt, tenon::endpoint at, tenon::tls_context with, std::uint64_t seed, figures& of) {
  dice random(seed);
  std::array<std::byte, 64> room{};
  while (!of.over.load()) {
    auto over = co_await R::tcp_stream::connect(rt, at, rt.now() + 20s);
    if (!over) {
      complain(of, "the client connects", over.error());
      co_return;
    }
    const auto mood = random.below(10);
    const linger at_once{1, 0};
    if (mood == 0) {  // gives up in the midst of the handshake
      (void)co_await secure<R>::connect(std::move(*over), with, "localhost", rt.now());
      continue;
    }
    auto peer = co_await secure<R>::connect(std::move(*over), with, "localhost", rt.now() + 20s);
    if (!peer) {
      complain(of, "the client shakes hands", peer.error());
      continue;
    }
    of.connections.fetch_add(1);
    if (peer->resumed()) of.resumptions.fetch_add(1);
    for (auto i = random.below(4) + 1; i-- > 0;) {
      const std::size_t bytes = 1 + random.below(random.below(8) == 0 ? 300000 : 3000);
      co_await echo_of<R>(*peer, bytes, of);
    }
    if (mood == 1) {  // resets
      ::setsockopt(peer->native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      of.resets.fetch_add(1);
    } else if (mood != 2) {  // 2: goes without a word
      if (const auto said = peer->shutdown_send(); !said) complain(of, "the client says farewell", said.error());
      const auto end = co_await peer->read_some(room, rt.now() + 20s);
      if (!end) complain(of, "the client waits for the server's farewell", end.error());
      if (end && *end != 0) complain(of, "bytes come instead of the farewell");
    }
  }
}

template <class R>
task<void> renew(R&, tenon::tls_context at, figures& of) {
  std::vector<tenon::tls_server_settings> all;
  for (int i = 0; i < 4; ++i) {
    all.emplace_back();
    all.back().identities.push_back(identity_of(ours().issue(asked_certificate("soak", "DNS:localhost"))));
  }
  for (std::size_t i = 0; !of.over.load(); ++i) {
    if (const auto done = at.reload(all[i % all.size()]); !done) complain(of, "reload", done.error());
    of.reloads.fetch_add(1);
    co_await tenon::sleep_for(2ms);
  }
}

template <class Backend>
void soak() {
  using whole = wired<Backend, tenon::stealing<>>;
  using R = typename whole::runtime;
  figures of;
  long early = 0;
  long late = 0;
  const watchdog nobody_stands_still("the soak of TLS", of.connections);
  const stopwatch time;
  run_wired<whole>(
      2,
      [](R& rt, figures* all, long* first, long* last) -> task<void> {
        auto server = tenon::tls_context::server(serving()).value();
        const auto client = tenon::tls_context::client(asking()).value();
        auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
        const auto at = door.local_endpoint();
        tenon::scope<R> served{rt};
        tenon::scope listening{rt};
        listening.spawn(serve_all<R>, std::ref(rt), std::move(door), server, std::ref(served), std::ref(*all));
        tenon::scope clients{rt};
        for (std::uint64_t i = 0; i < 24; ++i) {
          clients.spawn(come_and_go<R>, std::ref(rt), at, client, i + 1, std::ref(*all));
        }
        clients.spawn(renew<R>, std::ref(rt), server, std::ref(*all));
        const auto third =
            std::chrono::duration_cast<tenon::duration>(std::chrono::duration<double>(soak_seconds() / 3));
        co_await tenon::sleep_for(third);
        *first = resident_bytes();
        co_await tenon::sleep_for(2 * third);
        *last = resident_bytes();
        all->over.store(true);
        co_await clients.join();
        listening.cancel();
        co_await listening.join();
        co_await served.join();  // by themselves: those whose clients went without a word are still to find out
      },
      &of, &early, &late);
  EXPECT_EQ(of.errors.load(), 0) << of.what_went_wrong;
  EXPECT_GT(of.connections.load(), 0);
  EXPECT_GT(of.reloads.load(), 0);
  EXPECT_LT(late - early, (sanitized ? 1024L : 24L) << 20U) << "memory grows";
  std::printf("%s: %ld connections, %ld resumed, %ld reset, %ld reloads in %.1f s; %+.1f MB\n",
              sentence_of<R>().c_str(), of.connections.load(), of.resumptions.load(), of.resets.load(),
              of.reloads.load(), time.seconds(), static_cast<double>(late - early) / 1e6);
}

TEST(tls, is_soaked_on_epoll) { soak<tenon::epoll>(); }
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
TEST(tls, is_soaked_on_io_uring) { soak<tenon::io_uring<>>(); }
#endif

}  // namespace

#endif
