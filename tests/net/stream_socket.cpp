// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/stream_socket.hpp>

#include "wires.hpp"

#include <tenon/net/send_file.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

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

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// One end is a stream, the other a descriptor that nobody waits for.
template <class R>
struct half {
  std::unique_ptr<tenon::stream_socket<R>> near;
  tenon::unique_fd far;
  std::string expected{};
  std::string got{};
  bool may_lack_tail = false;

  explicit half(R& rt) {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    near = std::make_unique<tenon::stream_socket<R>>(rt, tenon::unique_fd(pair[0]));
    far = tenon::unique_fd(pair[1]);
  }
  /// False: the end has been seen.
  bool read() {
    std::array<char, 65536> room;
    for (;;) {
      const ssize_t n = ::recv(far.get(), room.data(), room.size(), 0);
      if (n == 0) return false;
      if (n < 0) return true;
      got.append(room.data(), static_cast<std::size_t>(n));
    }
  }
  void fill() {
    const std::string filler(4000, 'f');
    for (;;) {
      const auto sent = near->try_write_some(bytes_of(filler));
      if (!sent) break;
      expected += filler.substr(0, *sent);
    }
  }
};

/// What is done with a stream in a turn in which much came in.
enum class deed { write_behind, close, post_twice, fill, fill_and_close, file, write_and_cancel, shut, fill_and_shut };

template <class R>
task<void> posts(R& rt, half<R>& one, deed what) {
  auto& peer = *one.near;
  const auto ready = co_await peer.readable(rt.now() + 5s);
  EXPECT_TRUE(ready);
  std::array<std::byte, 8> room{};
  EXPECT_TRUE(peer.try_read_some(room));
  const bool fills = what == deed::fill || what == deed::fill_and_close || what == deed::write_and_cancel ||
                     what == deed::fill_and_shut;
  if (fills) one.fill();
  const auto posted = peer.post_some(bytes_of("post"));
  if (posted) {
    EXPECT_EQ(*posted, 4U);
    one.expected += "post";
  }
  const std::string_view second = "behind";
  switch (what) {
    case deed::write_behind: {
      const auto sent = co_await peer.write_all(bytes_of(second), rt.now() + 5s);
      EXPECT_TRUE(sent);
      one.expected += second;
      break;
    }
    case deed::post_twice: {
      const auto again = peer.post_some(bytes_of(second));
      if (again) {
        one.expected += second.substr(0, *again);
      } else {
        EXPECT_EQ(again.error(), std::errc::operation_would_block);
        EXPECT_TRUE(peer.is_posting());
      }
      const auto sent = co_await peer.write_all(bytes_of("!"), rt.now() + 5s);
      EXPECT_TRUE(sent);
      one.expected += "!";
      EXPECT_FALSE(peer.is_posting());
      break;
    }
    case deed::fill: {
      const auto late = co_await peer.write_all(bytes_of(second), rt.now() + 20ms);
      EXPECT_EQ(late.error(), std::errc::timed_out);
      one.read();
      const auto sent = co_await peer.write_all(bytes_of(second), rt.now() + 5s);
      EXPECT_TRUE(sent);
      one.expected += second;
      break;
    }
    case deed::file: {
      std::FILE* const text = std::tmpfile();
      std::fputs("of a file", text);
      std::fflush(text);
      const int number = ::fileno(text);
      const auto sent = co_await tenon::send_file(peer, number, 0, 9, rt.now() + 5s);
      EXPECT_EQ(sent.value(), 9U);
      std::fclose(text);
      one.expected += "of a file";
      break;
    }
    case deed::write_and_cancel: {
      tenon::scope all{rt};
      all.spawn(
          [](tenon::stream_socket<R>& into) -> task<void> {
            const auto sent = co_await into.write_all(bytes_of("never"));
            EXPECT_EQ(sent.error(), std::errc::operation_canceled);
          },
          std::ref(peer));
      co_await tenon::yield();
      all.cancel();
      co_await all.join();
      one.may_lack_tail = true;
      break;
    }
    case deed::shut: EXPECT_TRUE(peer.shutdown_send()); break;
    case deed::fill_and_shut: {
      const bool is_left = peer.is_posting();
      const auto said = peer.shutdown_send();
      EXPECT_EQ(!said, is_left);
      if (!is_left) break;
      EXPECT_EQ(said.error(), std::errc::operation_would_block);
      one.read();
      const auto sent = co_await peer.write_all(bytes_of(""), rt.now() + 5s);
      EXPECT_TRUE(sent);
      EXPECT_TRUE(peer.shutdown_send());
      break;
    }
    case deed::fill_and_close: one.may_lack_tail = true; break;
    case deed::close: break;
  }
  one.near.reset();
}

TYPED_TEST(sockets, leave_what_they_post_to_the_loop_and_all_of_it_goes_out_in_order) {
  using R = typename TypeParam::runtime;
  for (const std::size_t threads : {1U, 2U}) {
    run_wired<TypeParam>(threads, [](R& rt) -> task<void> {
      std::vector<std::unique_ptr<half<R>>> all;
      tenon::scope deeds{rt};
      for (int i = 0; i < 27; ++i) {
        all.push_back(std::make_unique<half<R>>(rt));
        deeds.spawn(&posts<R>, std::ref(rt), std::ref(*all.back()), static_cast<deed>(i % 9));
      }
      co_await tenon::sleep_for(1ms);  // each waits now, or will find its byte
      for (auto& each : all) EXPECT_EQ(::send(each->far.get(), "x", 1, 0), 1);
      co_await deeds.join();
      for (auto& each : all) {
        const auto until = rt.now() + 5s;
        while (each->read() && rt.now() < until) co_await tenon::sleep_for(1ms);
        if (each->may_lack_tail && !each->got.ends_with("post")) each->expected.resize(each->got.size());
        EXPECT_EQ(each->got, each->expected);
        EXPECT_LT(rt.now(), until) << "the end never came";
      }
    });
  }
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
