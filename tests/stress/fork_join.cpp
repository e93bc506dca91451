// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/fork_join.hpp>

#include <tenon/net/tcp_stream.hpp>
#include <tenon/scheduler/priority.hpp>

#include "storm.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

#include <sys/socket.h>

namespace {

using namespace tenon_test;

template <class Backend, class Scheduling>
struct mixed : tenon::runtime<Backend, Scheduling, counted> {
  using base = tenon::runtime<Backend, Scheduling, counted>;
  using base::base;
};

template <class R>
class fork_join : public testing::Test {};
using all_mixed = testing::Types<mixed<tenon::epoll, tenon::stealing<>>, mixed<tenon::epoll, tenon::fifo>,
                                 mixed<tenon::poll, tenon::priority<3>>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                 ,
                                 mixed<tenon::io_uring<>, tenon::stealing<>>
#endif
                                 >;
TYPED_TEST_SUITE(fork_join, all_mixed);
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
constexpr long kinds = 4;
#else
constexpr long kinds = 3;
#endif

/// A tree of branches whose shape follows from its seed; now and then a leaf throws, and some take their time.
long grow(std::uint64_t seed, int depth) {
  dice random(seed);
  const std::uint64_t sort = random.below(100);
  if (depth == 0 || (depth < 4 && sort < 20)) {
    if (sort == 7 && random.below(4) == 0) throw std::runtime_error("a leaf");
    if (sort < 3) std::this_thread::yield();
    return 1;
  }
  const std::string frame(sort, 'x');
  if (sort % 4 == 0) {
    auto [a, b, c] =
        tenon::fork_join([&] { return grow(seed + 1, depth - 1); },
                         [&, frame] { return grow(seed + 2, depth - 1) + static_cast<long>(frame.size()); },
                         [&] { return grow(seed + 3, depth - 1); });
    return a + b + c;
  }
  auto [a, b] = tenon::fork_join([&] { return grow(seed + 1, depth - 1); }, [=] { return grow(seed + 2, depth - 1); });
  return a + b;
}
constexpr int high = sanitized ? 6 : 9;

/// What it gives, or that it threw.
long value_of(std::uint64_t seed, int depth) {
  try {
    return grow(seed, depth);
  } catch (const std::runtime_error&) {
    return -1;
  }
}

struct tally {
  std::atomic<long> moved{0};
  std::atomic<long> trees{0};
  std::atomic<long> wrong{0};
  std::atomic<long> bytes{0};
  std::atomic<long> cancelled{0};
};

task<void> think(tally* all, std::uint64_t seed) {
  dice random(seed);
  for (;;) {
    const std::uint64_t tree = random.below(50);
    static const auto expected = [] {
      std::array<long, 50> values{};  // by a thread that forks nothing out
      std::thread([&values] {
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = value_of(i, high);
      }).join();
      return values;
    }();
    if (value_of(tree, high) != expected[tree]) all->wrong.fetch_add(1);
    all->trees.fetch_add(1);
    all->moved.fetch_add(1);
    const bool goes_on = co_await tenon::sleep_for(std::chrono::microseconds(random.below(200)));
    if (!goes_on) break;
  }
  all->cancelled.fetch_add(1);
}

template <class R>
task<void> talk(R* rt, tally* all, int fd, bool begins) {
  typename R::tcp_stream stream(*rt, tenon::unique_fd(fd));
  std::array<std::byte, 256> room{};
  if (begins) {
    const auto first = co_await stream.write_all(room);
    if (!first) co_return;
  }
  for (std::uint64_t seed = 0;; ++seed) {
    const auto n = co_await stream.read_some(room);
    if (!n || *n == 0) break;
    all->bytes.fetch_add(static_cast<long>(*n));
    all->moved.fetch_add(1);
    if (seed % 8 == 0) (void)value_of(seed % 50, 5);
    const auto written = co_await stream.write_all(std::span(room).first(*n));
    if (!written) break;
  }
  all->cancelled.fetch_add(1);
}

/// Everything at once for a moment, part of it cancelled in between, and an end at a random moment.
template <class R>
task<void> weather(R& rt, tally& all, std::uint64_t seed) {
  dice random(seed);
  {
    tenon::scope some{rt};
    for (std::uint64_t i = 0; i < 3; ++i) some.spawn(think, &all, seed + i);
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    some.spawn(talk<R>, &rt, &all, ends[0], true);
    some.spawn(talk<R>, &rt, &all, ends[1], false);
    (void)co_await tenon::sleep_for(std::chrono::microseconds(random.below(5'000)));
    if (random.below(2) == 0) (void)value_of(random.below(50), high);
    some.cancel();
    co_await some.join();
  }
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(rt.spawn(think, &all, seed + i));
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
  EXPECT_TRUE(rt.spawn(talk<R>, &rt, &all, ends[0], true));
  EXPECT_TRUE(rt.spawn(talk<R>, &rt, &all, ends[1], false));
  (void)co_await tenon::sleep_for(std::chrono::microseconds(random.below(3'000)));
  if (random.below(3) == 0) rt.request_stop();
}

/// A minute in all at full length.
TYPED_TEST(fork_join, storms_amid_io_cancellation_and_shutdown) {
  const auto length = std::chrono::milliseconds(is_full() ? 60'000 / kinds : sanitized ? 500 : 1'000);
  const std::string what = "fork_join " + sentence_of<TypeParam>();
  tally all;
  const stopwatch watch;
  long runtimes = 0;
  const books kept;
  {
    const watchdog guard(what.c_str(), all.moved);
    const auto limit = std::chrono::steady_clock::now() + length;
    for (std::uint64_t seed = 1; std::chrono::steady_clock::now() < limit; seed += 10, ++runtimes) {
      TypeParam rt{{.threads = 1 + seed / 10 % 4}};
      rt.run(weather(rt, all, seed));
    }
  }
  EXPECT_EQ(all.wrong.load(), 0);
  EXPECT_GT(all.trees.load(), 0);
  EXPECT_GT(all.bytes.load(), 0);
  EXPECT_GT(all.cancelled.load(), 0);
  std::printf("figure: %-42s %9ld runtimes: %ld trees, %ld bytes, %ld tasks cancelled; %.1f s\n", what.c_str(),
              runtimes, all.trees.load(), all.bytes.load(), all.cancelled.load(), watch.seconds());
}

}  // namespace
