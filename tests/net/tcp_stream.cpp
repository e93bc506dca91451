// SPDX-License-Identifier: BSL-1.0
#include "wires.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace {

using namespace tenon_test;
using tenon::result;

template <class R>
class streams : public testing::Test {};
TYPED_TEST_SUITE(streams, all_wired);

template <class R>
task<void> echo(typename R::tcp_stream peer) {
  std::array<std::byte, 1024> room;
  for (;;) {
    const auto got = co_await peer.read_some(room);
    if (!got || *got == 0) co_return;
    const auto sent = co_await peer.write_all(std::span(room).first(*got));
    if (!sent) co_return;
  }
}

template <class R>
task<void> ask(typename R::runtime& rt, tenon::endpoint at, int questions, std::atomic<int>* answered) {
  auto stream = co_await R::tcp_stream::connect(rt, std::move(at));
  EXPECT_TRUE(stream) << stream.error().message();
  if (!stream) co_return;
  std::array<std::byte, 300> out;
  std::array<std::byte, 300> in;
  for (int i = 0; i < questions; ++i) {
    out.fill(static_cast<std::byte>(i));
    const auto sent = co_await stream->write_all(out);
    EXPECT_TRUE(sent) << sent.error().message();
    const std::size_t got = co_await read_whole<R>(*stream, in);
    EXPECT_EQ(got, in.size());
    EXPECT_EQ(out, in);
    ++*answered;
  }
}

template <class R>
task<void> serve(typename R::runtime& rt, typename R::tcp_listener door) {
  tenon::scope peers{rt};
  for (;;) {
    auto peer = co_await door.accept();
    if (!peer) break;
    peers.spawn(echo<R>, std::move(*peer));
  }
  co_await peers.join();
}

TYPED_TEST(streams, echo_to_sixty_four_clients) {
  using R = typename TypeParam::runtime;
  std::atomic<int> answered{0};
  run_wired<TypeParam>(
      3,
      [](R& rt, std::atomic<int>* count) -> task<void> {
        auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
        tenon::endpoint at = door.local_endpoint();
        (void)rt.spawn(serve<R>, std::ref(rt), std::move(door));
        tenon::scope clients{rt};
        for (int i = 0; i < 64; ++i) clients.spawn(ask<R>, std::ref(rt), at, 5, count);
        co_await clients.join();
      },
      &answered);
  EXPECT_EQ(answered, 64 * 5);
}

TYPED_TEST(streams, keep_deadlines) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto both = co_await make_wire<R>(rt);
    std::array<std::byte, 16> room;
    const auto before = rt.now();
    const auto got = co_await both.near.read_some(room, before + 5ms);
    EXPECT_EQ(got.error(), std::errc::timed_out);
    EXPECT_GE(rt.now() - before, 5ms);
    const auto ready = co_await both.near.readable(rt.now() + 2ms);
    EXPECT_EQ(ready.error(), std::errc::timed_out);
    const std::vector<std::byte> much(8 << 20);
    const auto sent = co_await both.near.write_all(much, rt.now() + 5ms);
    EXPECT_EQ(sent.error(), std::errc::timed_out);
    const auto writable = co_await both.near.writable(rt.now() + 2ms);
    EXPECT_EQ(writable.error(), std::errc::timed_out);
    // What was there all the time still works.
    const auto back = co_await both.far.write_all(std::span(much).first(8), rt.now() + 1h);
    EXPECT_EQ(*back, 8U);
    const auto late = co_await both.near.read_some(room, rt.now() - 1h);
    EXPECT_TRUE(!late || *late == 8U);  // it need not wait
  });
}

TYPED_TEST(streams, connect_or_say_why_not) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    tenon::endpoint gone;
    {
      const auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
      gone = door.local_endpoint();
    }
    const auto refused = co_await R::tcp_stream::connect(rt, gone);
    EXPECT_EQ(refused.error(), std::errc::connection_refused);
    tenon::endpoint nonsense("not an address", 1);
    const auto bad = co_await R::tcp_stream::connect(rt, nonsense);
    EXPECT_EQ(bad.error(), std::errc::invalid_argument);

    // A listener that takes one peer and no more: those that come later wait, and their deadline passes.
    const tenon::unique_fd full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    tenon::endpoint any("127.0.0.1", 0);
    auto address = any.to_native();
    EXPECT_EQ(::bind(full.get(), address->data(), address->size), 0);
    EXPECT_EQ(::listen(full.get(), 0), 0);
    EXPECT_EQ(::getsockname(full.get(), address->data(), &address->size), 0);
    tenon::endpoint at = tenon::endpoint::from_native(*address);
    std::vector<typename R::tcp_stream> kept;
    bool waited = false;
    for (int i = 0; i < 4 && !waited; ++i) {
      auto peer = co_await R::tcp_stream::connect(rt, at, rt.now() + 20ms);
      waited = !peer;
      if (peer) {
        EXPECT_EQ(peer->remote_endpoint(), at);
        kept.push_back(std::move(*peer));
      } else {
        EXPECT_EQ(peer.error(), std::errc::timed_out);
      }
    }
    EXPECT_TRUE(waited);

    // And a stop request ends it too.
    tenon::scope one{rt};
    std::error_code why;
    one.spawn(
        [](R& self, tenon::endpoint to, std::error_code* out) -> task<void> {
          const auto peer = co_await R::tcp_stream::connect(self, std::move(to));
          *out = peer.error();
        },
        std::ref(rt), at, &why);
    (void)co_await tenon::sleep_for(1ms);
    one.cancel();
    co_await one.join();
    EXPECT_EQ(why, std::errc::operation_canceled);
  });
}

TYPED_TEST(streams, write_all_to_a_slow_reader) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    constexpr std::size_t size = 8 << 20;
    auto both = co_await make_wire<R>(rt);
    std::vector<std::byte> out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(i * 7 >> 3);
    std::vector<std::byte> in(size);
    tenon::scope writer{rt};
    writer.spawn(
        [](typename R::tcp_stream& to, std::span<const std::byte> what) -> task<void> {
          const auto sent = co_await to.write_all(what);
          EXPECT_TRUE(sent);
          EXPECT_EQ(sent.value(), what.size());
          EXPECT_TRUE(to.shutdown_send());
        },
        std::ref(both.near), std::span<const std::byte>(out));
    std::size_t total = 0;
    for (int pauses = 0; total < size;) {
      const auto got =
          co_await both.far.read_some(std::span(in).subspan(total, std::min<std::size_t>(size - total, 300'000)));
      if (!got || *got == 0) break;
      total += *got;
      if (++pauses % 8 == 0) (void)co_await tenon::sleep_for(1ms);
    }
    EXPECT_EQ(total, size);
    EXPECT_TRUE(in == out);
    const auto end = co_await both.far.read_some(in);
    EXPECT_EQ(end.value(), 0U) << "half closed";
    const auto back = co_await both.far.write_all(std::span(out).first(10));
    EXPECT_TRUE(back) << "and open the other way";
    co_await writer.join();
    std::array<std::byte, 10> answer;
    const std::size_t read = co_await read_whole<R>(both.near, answer);
    EXPECT_EQ(read, 10U);
  });
}

TYPED_TEST(streams, carry_both_ways_at_once) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(3, [](R& rt) -> task<void> {
    for (int round = 0; round < rounds(20); ++round) {
      auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
      auto connected = co_await R::tcp_stream::connect(rt, door.local_endpoint());
      auto accepted = co_await door.accept();
      typename R::tcp_stream near = std::move(connected).value();
      typename R::tcp_stream far = std::move(accepted).value();  // new: nobody has waited on it yet
      constexpr std::size_t size = 256 << 10;
      std::atomic<std::size_t> read{0};
      tenon::scope pair{rt};
      const auto send = [](typename R::tcp_stream& to) -> task<void> {
        const std::vector<std::byte> much(size);
        const auto sent = co_await to.write_all(much);
        EXPECT_TRUE(sent);
      };
      const auto receive = [](typename R::tcp_stream& from, std::atomic<std::size_t>* count) -> task<void> {
        std::vector<std::byte> room(size);
        *count += co_await read_whole<R>(from, room);
      };
      pair.spawn(receive, std::ref(far), &read);
      pair.spawn(send, std::ref(far));
      pair.spawn(send, std::ref(near));
      pair.spawn(receive, std::ref(near), &read);
      co_await pair.join();
      EXPECT_EQ(read, 2 * size);
    }
  });
}

TYPED_TEST(streams, try_without_waiting) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    auto both = co_await make_wire<R>(rt);
    std::array<std::byte, 16> room{};
    EXPECT_EQ(both.near.try_read_some(room).error(), std::errc::operation_would_block);
    EXPECT_EQ(both.far.try_write_some(std::span(room).first(5)).value(), 5U);
    const auto ready = co_await both.near.readable(rt.now() + 5s);
    EXPECT_TRUE(ready);
    EXPECT_EQ(both.near.try_read_some(room).value(), 5U);
    const std::vector<std::byte> much(1 << 20);
    std::size_t sent = 0;
    result<std::size_t> last = 0U;
    for (int i = 0; i < 1000 && last; ++i) {
      last = both.near.try_write_some(much);
      if (last) sent += *last;
    }
    EXPECT_EQ(last.error(), std::errc::operation_would_block);
    std::vector<std::byte> in(sent);
    const std::size_t read = co_await read_whole<R>(both.far, in);
    EXPECT_EQ(read, sent);
    const auto writable = co_await both.near.writable(rt.now() + 5s);
    EXPECT_TRUE(writable);
    const auto more = both.near.try_write_some(std::span(much).first(1));
    EXPECT_EQ(more.value(), 1U);
  });
}

TYPED_TEST(streams, hear_that_the_peer_has_gone) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    std::array<std::byte, 16> room{};
    {
      auto both = co_await make_wire<R>(rt);
      {
        const linger at_once{1, 0};
        ::setsockopt(both.far.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        const typename R::tcp_stream closed = std::move(both.far);
      }
      const auto got = co_await both.near.read_some(room, rt.now() + 5s);
      EXPECT_EQ(got.error(), std::errc::connection_reset);
    }
    {
      auto both = co_await make_wire<R>(rt);
      {
        const typename R::tcp_stream closed = std::move(both.far);
      }
      const auto got = co_await both.near.read_some(room, rt.now() + 5s);
      EXPECT_EQ(got.value(), 0U);
      result<std::size_t> sent = 0U;
      for (int i = 0; i < 1000 && sent; ++i) {
        sent = co_await both.near.write_some(room, rt.now() + 5s);
        if (sent) (void)co_await tenon::sleep_for(100us);
      }
      EXPECT_TRUE(sent.error() == std::errc::broken_pipe || sent.error() == std::errc::connection_reset);
    }
  });
}

TYPED_TEST(streams, finish_what_is_half_sent) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    constexpr std::size_t size = 8 << 20;
    auto both = co_await make_wire<R>(rt);
    const std::vector<std::byte> much(size);
    tenon::scope writer{rt};
    writer.spawn(
        [](typename R::tcp_stream& to, std::span<const std::byte> what) -> task<void> {
          const auto sent = co_await to.write_all(what, tenon::never, tenon::on_stop::finish);
          EXPECT_TRUE(sent) << sent.error().message();
          std::array<std::byte, 1> room{};
          const auto none = co_await to.read_some(room);  // nobody writes to it
          EXPECT_EQ(none.error(), std::errc::operation_canceled);
        },
        std::ref(both.near), std::span<const std::byte>(much));
    (void)co_await tenon::sleep_for(1ms);
    writer.cancel();
    std::vector<std::byte> in(size);
    const std::size_t read = co_await read_whole<R>(both.far, in);
    EXPECT_EQ(read, size);
    co_await writer.join();
  });
}

/// Something that waits on the wire until it is cancelled.
template <class R>
task<void> wait_on(typename R::tcp_stream& stream, int how, std::atomic<int>* cancelled) {
  std::array<std::byte, 64> room{};
  std::vector<std::byte> much;
  for (;;) {
    std::error_code why;
    switch (how % 4) {
      case 0: {
        const auto got = co_await stream.read_some(room);
        why = got.error();
        break;
      }
      case 1: {
        const auto ready = co_await stream.readable();
        why = ready.error();
        break;
      }
      case 2: {
        much.resize(512 << 10);
        const auto sent = co_await stream.write_all(much);
        why = sent.error();
        break;
      }
      default: {
        const auto got = co_await stream.read_some(room, stream.runtime().now() + 200us);
        why = got.error();
        if (why == std::errc::timed_out) why = {};
      }
    }
    if (why) {
      EXPECT_EQ(why, std::errc::operation_canceled);
      ++*cancelled;
      co_return;
    }
  }
}

TYPED_TEST(streams, are_cancelled_at_any_moment_by_anyone) {
  using R = typename TypeParam::runtime;
  std::atomic<int> cancelled{0};
  const int storms = rounds(60);
  run_wired<TypeParam>(
      4,
      [](R& rt, int times, std::atomic<int>* count) -> task<void> {
        for (int storm = 0; storm < times; ++storm) {
          auto first = co_await make_wire<R>(rt);
          auto second = co_await make_wire<R>(rt);
          auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
          tenon::scope waiters{rt};
          waiters.spawn(wait_on<R>, std::ref(first.near), storm % 2, count);
          waiters.spawn(wait_on<R>, std::ref(first.near), 2, count);
          waiters.spawn(wait_on<R>, std::ref(second.near), 3, count);
          waiters.spawn(
              [](typename R::tcp_listener& from, std::atomic<int>* out) -> task<void> {
                const auto peer = co_await from.accept();
                EXPECT_EQ(peer.error(), std::errc::operation_canceled);
                ++*out;
              },
              std::ref(door), count);
          if constexpr (R::threading::concurrent) {
            std::thread outside([&waiters, storm] {
              std::atomic<int> spins{(storm * 997) % 5'000};
              while (spins.fetch_sub(1, std::memory_order_relaxed) > 0) {
              }
              waiters.cancel();
            });
            if (storm % 3 != 0) {
              for (int i = 0; i < storm % 5; ++i) co_await tenon::yield();
              co_await waiters.join();
              outside.join();
            } else {
              outside.join();
              co_await waiters.join();
            }
          } else {
            for (int i = 0; i < storm % 7; ++i) co_await tenon::yield();
            waiters.cancel();
            co_await waiters.join();
          }
        }
      },
      storms, &cancelled);
  EXPECT_EQ(cancelled, 4 * storms);
}

TYPED_TEST(streams, die_anywhere) {
  using R = typename TypeParam::runtime;
  const books kept;
  std::vector<typename R::tcp_stream> left;
  {
    typename R::settings how_much;
    if constexpr (R::threading::concurrent) how_much.threads = 3;
    TypeParam rt{how_much};
    {
      const tenon::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      const auto before = R::tcp_listener::bind(rt, {"127.0.0.1", 0});  // and gone before run()
      EXPECT_TRUE(before);
    }
    auto carried = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();  // made before run(), destroyed after it
    rt.run([](R& self, std::vector<typename R::tcp_stream>* out) -> task<void> {
      tenon::scope closers{self};
      for (int i = 0; i < 40; ++i) {
        auto both = co_await make_wire<R>(self);
        closers.spawn(
            [](typename R::tcp_stream one) -> task<void> {
              for (int spins = 0; spins < 3; ++spins) co_await tenon::yield();
              const typename R::tcp_stream dies_here = std::move(one);
            },
            std::move(both.near));
        if (i % 8 == 0) {
          out->push_back(std::move(both.far));
        } else {
          (void)self.defer([far = std::make_shared<typename R::tcp_stream>(std::move(both.far))] {});
        }
      }
      co_await closers.join();
    }(rt, &left));
    left.clear();  // after the stop, before the runtime has gone
  }
}

TYPED_TEST(streams, do_not_starve_a_timer_or_an_accept) {
  using R = typename TypeParam::runtime;
  const auto late = run_wired<TypeParam>(1, [](R& rt) -> task<tenon::duration> {
    auto both = co_await make_wire<R>(rt);
    tenon::scope busy{rt};
    // It never finds the socket empty nor full, so it never has to wait.
    busy.spawn(
        [](typename R::tcp_stream& near, typename R::tcp_stream& far) -> task<void> {
          std::array<std::byte, 64> room{};
          for (int i = 0; i < 64; ++i) (void)co_await near.write_some(room);
          const auto limit = near.runtime().now() + 2s;
          while (near.runtime().now() < limit) {
            const bool over = co_await tenon::this_task::stop_requested();
            if (over) break;
            const auto sent = co_await near.write_some(room);
            const auto got = co_await far.read_some(room);
            if (!sent || !got) break;
          }
        },
        std::ref(both.near), std::ref(both.far));
    const auto asked = rt.now() + 1ms;
    (void)co_await tenon::sleep_until(asked);
    auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
    auto peer = co_await R::tcp_stream::connect(rt, door.local_endpoint());
    auto other = co_await door.accept();
    EXPECT_TRUE(peer && other);
    const auto end = rt.now() - asked;
    busy.cancel();
    co_await busy.join();
    co_return end;
  });
  EXPECT_LT(late, 1s);
}

TYPED_TEST(streams, stay_whole_when_they_never_wait) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(3, [](R& rt) -> task<void> {
    tenon::scope busy{rt};
    for (int i = 0; i < 4; ++i) {
      busy.spawn(
          [](R& self) -> task<void> {
            auto both = co_await make_wire<R>(self);
            std::array<std::byte, 64> room{};
            (void)co_await both.near.write_some(room);
            int moved = 0;
            for (int round = 0; round < 600; ++round) {
              const auto sent = co_await both.near.write_some(room);
              const auto got = co_await both.far.read_some(room);
              if (!sent || !got) break;
              ++moved;
            }
            EXPECT_EQ(moved, 600);
          },
          std::ref(rt));
    }
    co_await busy.join();
  });
}

TEST(tcp_stream, is_one_pointer) {
  using R = tenon::runtime<>;
  static_assert(sizeof(R::tcp_stream) == sizeof(void*));
  static_assert(!std::is_copy_constructible_v<R::tcp_stream> && std::is_nothrow_move_constructible_v<R::tcp_stream>);
}

TEST(tcp_stream, is_refused_outside_of_its_runtime) {
  const books kept;
  wired<tenon::epoll, tenon::fifo, tenon::single_thread> ours;
  wired<tenon::poll, tenon::stealing<>> theirs{{.threads = 1}};
  using R = decltype(ours)::runtime;
  theirs.run([](R& of) -> task<void> {
    const auto stream = co_await R::tcp_stream::connect(of, {"127.0.0.1", 1});
    EXPECT_EQ(stream.error(), std::errc::operation_not_permitted);
  }(ours));
}

}  // namespace
