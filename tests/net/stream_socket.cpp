// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/stream_socket.hpp>

#include "wires.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <system_error>
#include <utility>

#include <sys/socket.h>

namespace {

using namespace tenon_test;

template <class R>
class sockets : public testing::Test {};
TYPED_TEST_SUITE(sockets, all_wired);

TYPED_TEST(sockets, of_a_pair_made_elsewhere_are_taken_over) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    tenon::stream_socket<R> near(rt, tenon::unique_fd(pair[0]));
    tenon::stream_socket<R> far(rt, tenon::unique_fd(pair[1]));
    static_assert(sizeof near == sizeof(void*));
    EXPECT_EQ(&near.runtime(), &rt);
    std::array<std::byte, 32> room{};
    EXPECT_EQ(near.try_read_some(room).error(), std::errc::operation_would_block);
    const auto sent = co_await far.write_all(std::span(room).first(20));
    EXPECT_EQ(sent.value(), 20U);
    const auto got = co_await near.read_some(room, rt.now() + 5s);
    EXPECT_EQ(got.value(), 20U);
    EXPECT_TRUE(far.shutdown_send());
    const auto end = co_await near.read_some(room, rt.now() + 5s);
    EXPECT_EQ(end.value(), 0U);
  });
}

/// Reads what comes, until it has heard so many bytes or an error.
template <class R>
struct reader {
  tenon::stream_socket<R>& from;
  std::size_t wanted;
  tenon::duration most = 5s;
  std::size_t got = 0;
  int calls = 0;
  std::error_code error{};

  bool heard(const tenon::result<void>& ready) {
    ++calls;
    if (!ready) {
      error = ready.error();
      return true;  // and it ends all the same
    }
    std::array<std::byte, 16> room{};
    const auto n = from.try_read_some(room);
    if (n) got += *n;
    return got < wanted;
  }
  [[nodiscard]] tenon::duration patience() const { return most; }
};

template <class R>
std::pair<tenon::stream_socket<R>, tenon::stream_socket<R>> connected(R& rt) {
  std::array<int, 2> pair{-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
  return {tenon::stream_socket<R>(rt, tenon::unique_fd(pair[0])),
          tenon::stream_socket<R>(rt, tenon::unique_fd(pair[1]))};
}

template <class R>
task<void> sends_in_turns(R& rt, tenon::stream_socket<R>& into, int times, std::size_t bytes) {
  const std::array<std::byte, 64> room{};
  for (int i = 0; i < times; ++i) {
    const auto sent = co_await into.write_all(std::span(room).first(bytes), rt.now() + 5s);
    EXPECT_TRUE(sent);
    co_await tenon::yield();
  }
}

TYPED_TEST(sockets, are_watched_for_as_long_as_the_watcher_wants) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(4, [](R& rt) -> task<void> {
    auto [near, far] = connected(rt);
    // The second round finds the socket at the home that the first gave it, and what a reader left unread.
    for (int round = 0; round < 2; ++round) {
      reader<R> ear{near, 40 * 500};
      const auto watches = [](tenon::stream_socket<R>& stream, reader<R>& by) -> task<void> {
        co_await stream.watch(by);
      };
      co_await tenon::when_all(watches(near, ear), sends_in_turns(rt, far, 500, 40));
      EXPECT_EQ(ear.got, 40U * 500);
      EXPECT_FALSE(ear.error);
      EXPECT_GT(ear.calls, 1000);
    }
  });
}

TYPED_TEST(sockets, watched_by_who_throws_give_it_to_who_waits) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto [near, far] = connected(rt);
    struct {
      bool heard(const tenon::result<void>&) { throw 42; }
      [[nodiscard]] tenon::duration patience() const { return tenon::duration::max(); }
    } ear;
    int caught = 0;
    for (int i = 0; i < 2; ++i) {
      const auto sent = co_await far.write_all(std::as_bytes(std::span("x")), rt.now() + 5s);
      EXPECT_TRUE(sent);
      try {
        co_await near.watch(ear);
      } catch (int what) {
        caught += what;
      }
    }
    EXPECT_EQ(caught, 84);
  });
}

TYPED_TEST(sockets, watched_in_vain_end_with_the_patience_counted_from_the_last_bytes) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto [near, far] = connected(rt);
    const std::array<std::byte, 8> room{};
    reader<R> ear{near, 1000};
    ear.most = 200ms;
    const auto begun = rt.now();
    const auto watches = [](tenon::stream_socket<R>& stream, reader<R>& by) -> task<void> {
      co_await stream.watch(by);
    };
    const auto late = [](tenon::stream_socket<R>& into, std::span<const std::byte> what) -> task<void> {
      co_await tenon::sleep_for(20ms);
      const auto sent = co_await into.write_all(what);
      EXPECT_TRUE(sent);
    };
    co_await tenon::when_all(watches(near, ear), late(far, std::span(room)));
    EXPECT_EQ(ear.error, std::errc::timed_out);
    EXPECT_EQ(ear.got, room.size());
    EXPECT_GE(rt.now() - begun, 210ms);  // 20 and then 200, by a clock that may be 10 behind

    reader<R> last{near, 0};  // which is told of the end of the stream too
    last.most = tenon::duration::max();
    const auto closes = [](tenon::stream_socket<R> gone) -> task<void> {
      co_await tenon::sleep_for(10ms);
      (void)gone.shutdown_send();
    };
    co_await tenon::when_all(watches(near, last), closes(std::move(far)));
    EXPECT_FALSE(last.error);
    EXPECT_EQ(last.calls, 1);
  });
}

TYPED_TEST(sockets, watched_end_when_they_are_asked_to_stop) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(3, [](R& rt) -> task<void> {
    for (int i = 0; i < 50; ++i) {
      auto [near, far] = connected(rt);
      reader<R> ear{near, ~std::size_t{}};
      tenon::scope all{rt};
      all.spawn([](tenon::stream_socket<R>& stream, reader<R>& by) -> task<void> { co_await stream.watch(by); },
                std::ref(near), std::ref(ear));
      all.spawn(
          [](tenon::stream_socket<R>& into) -> task<void> {
            const std::array<std::byte, 3> room{};
            for (;;) {
              const auto sent = co_await into.write_all(room);
              if (!sent) co_return;
              co_await tenon::yield();
            }
          },
          std::ref(far));
      for (int k = 0; k < i; ++k) co_await tenon::yield();
      all.cancel();
      co_await all.join();
      EXPECT_EQ(ear.error, std::errc::operation_canceled);
    }
  });
}

// An idle connection is a descriptor and the wait it sits in: neither has grown.
TEST(stream_socket, costs_what_it_did) {
  using R = tenon::runtime<tenon::epoll, tenon::stealing<>>;
  static_assert(sizeof(R::tcp_stream) == sizeof(void*));
  static_assert(sizeof(tenon::detail::descriptor<R>) <= 88);
  static_assert(sizeof(tenon::io_operation) <= 56);
  static_assert(sizeof(tenon::detail::io_wait<R>) <= 232);
}

}  // namespace
