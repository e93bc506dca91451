// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>)
#include <tenon/net/tls_stream.hpp>

#include <tenon/net/unix_stream.hpp>

#include "tls.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace {

using namespace tenon_test;

template <class R>
class tls_streams : public testing::Test {};
TYPED_TEST_SUITE(tls_streams, all_secure);

TYPED_TEST(tls_streams, carry_words_and_farewells) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto both = co_await connected<R>(rt);
    static_assert(sizeof *both.client == sizeof(void*));
    EXPECT_EQ(&both.client->runtime(), &rt);
    EXPECT_EQ(both.client->version(), "TLSv1.3");
    EXPECT_EQ(both.client->cipher(), both.server->cipher());
    EXPECT_EQ(both.client->peer_subject(), "CN=localhost");
    EXPECT_EQ(both.server->peer_subject(), "");
    EXPECT_EQ(both.server->server_name(), "localhost");
    EXPECT_EQ(both.server->negotiated_protocol(), "");
    for (int i = 0; i < 3; ++i) {
      const bool talked = co_await talk(both);
      EXPECT_TRUE(talked);
    }

    // An idle end waits for what is the user's: of a try there is nothing, and of a wait nothing comes in time.
    std::array<std::byte, 64> room{};
    EXPECT_EQ(both.client->try_read_some(room).error(), std::errc::operation_would_block);
    const auto late = co_await both.client->readable(rt.now() + 2ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    const auto free = co_await both.client->writable(rt.now() + 5s);
    EXPECT_TRUE(free);
    EXPECT_EQ(both.client->try_write_some(bytes_of("try")).value(), 3U);
    const auto ready = co_await both.server->readable(rt.now() + 5s);
    EXPECT_TRUE(ready);
    EXPECT_EQ(both.server->try_read_some(std::span(room).first(2)).value(), 2U);
    const auto last = co_await both.server->readable(rt.now() + 5s);  // decrypted already
    EXPECT_TRUE(last);
    EXPECT_EQ(both.server->try_read_some(room).value(), 1U);

    // One side says farewell; the other still speaks.
    EXPECT_TRUE(both.client->shutdown_send());
    EXPECT_TRUE(both.client->shutdown_send());
    const auto end = co_await both.server->read_some(room, rt.now() + 5s);
    EXPECT_EQ(end.value(), 0U);
    const auto again = co_await both.server->read_some(room, rt.now() + 5s);
    EXPECT_EQ(again.value(), 0U);
    const auto mute = co_await both.client->write_some(bytes_of("no"));
    EXPECT_EQ(mute.error(), std::errc::broken_pipe);
    const auto spoken = co_await both.server->write_all(bytes_of("late"));
    EXPECT_TRUE(spoken);
    const bool heard = co_await hears(*both.client, "late");
    EXPECT_TRUE(heard);
    EXPECT_TRUE(both.server->shutdown_send());
    const auto over = co_await both.client->read_some(room, rt.now() + 5s);
    EXPECT_EQ(over.value(), 0U);
  });
}

/// A stream of bytes that both sides can tell each place of.
std::byte byte_at(std::size_t place) { return static_cast<std::byte>(place * 31 + (place >> 8U)); }

template <class R>
task<std::size_t> pour(secure<R>& into, std::size_t bytes, std::size_t piece) {
  std::vector<std::byte> some(piece);
  std::size_t sent = 0;
  while (sent < bytes) {
    for (std::size_t i = 0; i < piece; ++i) some[i] = byte_at(sent + i);
    const auto wrote = co_await into.write_all(some, into.runtime().now() + 20s);
    if (!wrote) break;
    sent += *wrote;
  }
  EXPECT_TRUE(into.shutdown_send());
  co_return sent;
}

template <class R>
task<std::size_t> drain(secure<R>& from, std::size_t piece) {
  std::vector<std::byte> room(piece);
  std::size_t got = 0;
  std::size_t wrong = 0;
  for (;;) {
    const auto n = co_await from.read_some(room, from.runtime().now() + 20s);
    EXPECT_TRUE(n) << n.error().message();
    if (!n || *n == 0) break;
    for (std::size_t i = 0; i < *n; ++i) wrong += room[i] == byte_at(got + i) ? 0U : 1U;
    got += *n;
  }
  EXPECT_EQ(wrong, 0U);
  co_return got;
}

// Four tasks on two workers: each end is read and written at once. (What TSan looks at.)
TYPED_TEST(tls_streams, carry_both_ways_at_once) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    constexpr std::size_t bytes = (sanitized ? 1 : 3) * std::size_t{1024} * 1024;
    auto both = co_await connected<R>(rt);
    const int little = 16 * 1024;  // so that the socket is full now and then
    ::setsockopt(both.client->native_handle(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    auto [a, b, c, d] = co_await tenon::when_all(pour<R>(*both.client, bytes, 64 * 1024), drain<R>(*both.server, 50000),
                                                 pour<R>(*both.server, bytes, 1024), drain<R>(*both.client, 700));
    EXPECT_EQ(a, bytes);
    EXPECT_EQ(b, bytes);
    EXPECT_EQ(c, bytes);
    EXPECT_EQ(d, bytes);
  });
}

/// What waits while its scope is asked to stop.
template <class R>
task<void> wait_to_read(secure<R>* at, std::error_code* how) {
  std::array<std::byte, 8> room{};
  const auto got = co_await at->read_some(room);
  *how = got.error();
}
template <class R>
task<void> wait_to_look(secure<R>* at, std::error_code* how) {
  const auto ready = co_await at->readable();
  *how = ready.error();
}
template <class R>
task<void> wait_to_write(secure<R>* at, std::error_code* how, std::size_t bytes) {
  const std::vector<std::byte> much(bytes, std::byte{'w'});
  const auto wrote = co_await at->write_all(much);
  *how = wrote.error();
}
template <class R>
task<void> wait_to_accept(typename R::tcp_stream over, std::error_code* how) {
  const auto server = tenon::tls_context::server(serving());
  const auto peer = co_await secure<R>::accept(std::move(over), *server);
  *how = peer.error();
}

TYPED_TEST(tls_streams, end_each_wait_at_a_deadline_and_at_a_stop) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    // Handshakes that nobody answers.
    const auto client = tenon::tls_context::client(asking());
    auto silent = co_await make_wire<R>(rt);
    const auto none = co_await secure<R>::connect(std::move(silent.near), *client, "localhost", rt.now() + 5ms);
    EXPECT_EQ(none.error(), std::errc::timed_out);
    auto mute = co_await make_wire<R>(rt);

    auto both = co_await connected<R>(rt);
    std::array<std::byte, 8> room{};
    const auto late = co_await both.client->read_some(room, rt.now() + 2ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    // Much more than the sockets hold, and nobody reads.
    constexpr std::size_t much = 32 * std::size_t{1024} * 1024;
    const std::vector<std::byte> flood(much, std::byte{'d'});
    const auto stuck = co_await both.server->write_all(flood, rt.now() + 20ms);
    EXPECT_EQ(stuck.error(), std::errc::timed_out);
    const auto full = co_await both.server->writable(rt.now() + 2ms);
    EXPECT_EQ(full.error(), std::errc::timed_out);

    std::array<std::error_code, 4> how;
    {
      tenon::scope waits{rt};
      waits.spawn(wait_to_read<R>, &*both.server, &how[0]);
      waits.spawn(wait_to_write<R>, &*both.server, &how[1], much);
      waits.spawn(wait_to_accept<R>, std::move(mute.far), &how[3]);
      co_await tenon::sleep_for(5ms);
      waits.cancel();
      co_await waits.join();
    }
    {
      tenon::scope waits{rt};
      waits.spawn(wait_to_look<R>, &*both.server, &how[2]);
      co_await tenon::sleep_for(2ms);
      waits.cancel();
      co_await waits.join();
    }
    for (const std::error_code& each : how) EXPECT_EQ(each, std::errc::operation_canceled);

    // Both ends are whole: what had been taken arrives, then what is written next.
    auto rest = wait_to_write<R>(&*both.server, how.data(), 100);
    std::vector<std::byte> taken(64 * 1024);
    std::size_t last_words = 0;
    auto read_on = [](secure<R>* from, std::vector<std::byte>* into, std::size_t* count) -> task<void> {
      while (*count < 100) {
        const auto got = co_await from->read_some(*into, from->runtime().now() + 20s);
        EXPECT_TRUE(got) << got.error().message();
        if (!got || *got == 0) co_return;
        for (std::size_t i = *got; i-- > 0 && (*into)[i] == std::byte{'w'};) ++*count;
      }
    };
    auto reading = read_on(&*both.client, &taken, &last_words);
    co_await tenon::when_all(std::move(rest), std::move(reading));
    EXPECT_FALSE(how[0]);
    EXPECT_GE(last_words, 100U);
    EXPECT_TRUE(both.server->shutdown_send());
  });
}

TYPED_TEST(tls_streams, tell_a_cut_from_an_end) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    std::array<std::byte, 64> room{};
    {  // The stream below is ended, as one in between might do. The peer may still be answered.
      auto both = co_await connected<R>(rt);
      const auto sent = co_await both.client->write_all(bytes_of("half"));
      EXPECT_TRUE(sent);
      EXPECT_TRUE(both.client->carrier().shutdown_send());
      const bool heard = co_await hears(*both.server, "half");
      EXPECT_TRUE(heard);
      const auto cut = co_await both.server->read_some(room, rt.now() + 5s);
      EXPECT_EQ(cut.error(), tenon::tls_errc::truncated) << cut.error().message();
      const auto ready = co_await both.server->readable(rt.now() + 5s);
      EXPECT_TRUE(ready);  // to hear it again
      const auto spoken = co_await both.server->write_all(bytes_of("still"));
      EXPECT_TRUE(spoken);
      const bool answered = co_await hears(*both.client, "still");
      EXPECT_TRUE(answered);
    }
    {  // A byte is changed on the way: the record is refused, and so is all that comes after.
      auto both = co_await connected<R>(rt);
      const std::array<unsigned char, 24> forged{23, 3, 3, 0, 19};
      const auto sent = co_await both.client->carrier().write_all(std::as_bytes(std::span(forged)));
      EXPECT_TRUE(sent);
      const auto bad = co_await both.server->read_some(room, rt.now() + 5s);
      EXPECT_EQ(&bad.error().category(), &tenon::tls_category());
      const auto again = co_await both.server->write_some(bytes_of("x"));
      EXPECT_EQ(again.error(), bad.error());
      const auto alert = co_await both.client->read_some(room, rt.now() + 5s);
      EXPECT_EQ(alert.error(), tenon::tls_errc::refused) << alert.error().message();
    }
    {  // The peer is gone: no signal, errors.
      auto both = co_await connected<R>(rt);
      const linger at_once{1, 0};
      ::setsockopt(both.client->native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      both.client = std::errc::not_connected;
      const auto reset = co_await both.server->read_some(room, rt.now() + 5s);
      EXPECT_EQ(reset.error(), std::errc::connection_reset);
      const auto wrote = co_await both.server->write_some(bytes_of("x"));
      EXPECT_FALSE(wrote);
    }
    {  // A reset in the midst of a handshake, and an end.
      const auto server = tenon::tls_context::server(serving());
      for (const bool hard : {true, false}) {
        auto between = co_await make_wire<R>(rt);
        const std::array<unsigned char, 8> begun{22, 3, 1, 2, 0, 1, 0, 1};
        const auto sent = co_await between.near.write_all(std::as_bytes(std::span(begun)));
        EXPECT_TRUE(sent);
        const linger at_once{hard ? 1 : 0, 0};
        ::setsockopt(between.near.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        {
          const auto gone = std::move(between.near);
        }
        const auto peer = co_await secure<R>::accept(std::move(between.far), *server, rt.now() + 5s);
        if (hard) {
          EXPECT_EQ(peer.error(), std::errc::connection_reset);
        } else {
          EXPECT_EQ(peer.error(), tenon::tls_errc::truncated);
        }
      }
    }
    {  // Somebody speaks plain text.
      const auto server = tenon::tls_context::server(serving());
      auto between = co_await make_wire<R>(rt);
      const auto sent = co_await between.near.write_all(bytes_of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      EXPECT_TRUE(sent);
      const auto peer = co_await secure<R>::accept(std::move(between.far), *server, rt.now() + 5s);
      EXPECT_EQ(peer.error(), tenon::tls_errc::not_tls) << peer.error().message();
    }
  });
}

// The keys are changed in the midst of things, and the answer of the other side is asked for: reading makes it write.
TEST(tls_stream, changes_keys_while_both_sides_speak) {
  using R = wired<tenon::epoll, tenon::stealing<>>::runtime;
  run_wired<wired<tenon::epoll, tenon::stealing<>>>(2, [](R& rt) -> task<void> {
    auto both = co_await connected<R>(rt);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(SSL_key_update(both.client->native_session(), SSL_KEY_UPDATE_REQUESTED), 1);
      const bool talked = co_await talk(both);
      EXPECT_TRUE(talked);
    }
  });
}

TEST(tls_stream, goes_over_a_unix_socket) {
  using R = wired<tenon::epoll, tenon::fifo, tenon::single_thread>::runtime;
  using stream = tenon::tls_stream<R::unix_stream>;
  run_wired<wired<tenon::epoll, tenon::fifo, tenon::single_thread>>(1, [](R& rt) -> task<void> {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    const auto server = tenon::tls_context::server(serving());
    const auto client = tenon::tls_context::client(asking());
    auto near = stream::connect(R::unix_stream(rt, tenon::unique_fd(pair[0])), *client, "localhost");
    auto far = stream::accept(R::unix_stream(rt, tenon::unique_fd(pair[1])), *server);
    auto [one, other] = co_await tenon::when_all(std::move(near), std::move(far));
    EXPECT_TRUE(one && other);
    const auto sent = co_await one->write_all(bytes_of("here"));
    EXPECT_TRUE(sent);
    const bool heard = co_await hears(*other, "here");
    EXPECT_TRUE(heard);
  });
}

}  // namespace

#endif
