// SPDX-License-Identifier: BSL-1.0
#include "wires.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

// The laws that hold for a runtime on any backend: time, wake-ups, deadlines, cancellations, signals, too few
// descriptors and very many, a stop in the middle of it all.

namespace {

using namespace tenon_test;

template <class R>
class adversity : public testing::Test {};
TYPED_TEST_SUITE(adversity, all_wired);

/// Time and wake-ups are there without I/O too.
template <class R>
class punctuality : public testing::Test {};
template <class Tuple, class... More>
struct and_more;
template <class... Rs, class... More>
struct and_more<testing::Types<Rs...>, More...> {
  using type = testing::Types<Rs..., More...>;
};
using all_punctual =
    and_more<all_wired, wired<tenon::none, tenon::fifo>, wired<tenon::none, tenon::stealing<>>,
             wired<tenon::none, tenon::affinity<>>, wired<tenon::none, tenon::fifo, tenon::single_thread>>::type;
TYPED_TEST_SUITE(punctuality, all_punctual);

/// The one in the middle: what the machine does at its worst moment says nothing.
tenon::duration median(std::vector<tenon::duration> all) {
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  return all[all.size() / 2];
}

constexpr tenon::duration bound = sanitized ? 50ms : 10ms;

TYPED_TEST(punctuality, timers_come_in_order_and_in_time) {
  using R = typename TypeParam::runtime;
  std::vector<tenon::time_point> woken_for;
  std::vector<tenon::duration> late;
  run_wired<TypeParam>(
      1,
      [](R& rt, std::vector<tenon::time_point>* order, std::vector<tenon::duration>* out) -> task<void> {
        const tenon::time_point begin = rt.now() + 5ms;
        tenon::scope sleepers{rt};
        for (int i = 0; i < 100; ++i) {
          sleepers.spawn(
              [](R& self, tenon::time_point deadline, std::vector<tenon::time_point>* woken,
                 std::vector<tenon::duration>* by) -> task<void> {
                const bool slept = co_await tenon::sleep_until(deadline);
                EXPECT_TRUE(slept);
                woken->push_back(deadline);
                by->push_back(self.now() - deadline);
              },
              std::ref(rt), begin + i * 7919 % 100 * 200us, order, out);
        }
        co_await sleepers.join();
      },
      &woken_for, &late);
  EXPECT_EQ(woken_for.size(), 100U);
  EXPECT_TRUE(std::is_sorted(woken_for.begin(), woken_for.end()));
  EXPECT_GE(*std::min_element(late.begin(), late.end()), 0ns);
  EXPECT_LT(median(late), bound);
}

TYPED_TEST(punctuality, another_thread_wakes_it_within_bounds) {
  using R = typename TypeParam::runtime;
  if constexpr (R::threading::concurrent) {
    TypeParam rt{{.threads = 2}};
    std::vector<tenon::duration> late;
    std::thread outside([&rt, &late] {
      for (int i = 0; i < 50; ++i) {
        ::poll(nullptr, 0, 1);  // it has gone to sleep by now, mostly
        std::atomic<bool> ran{false};
        const auto asked = rt.now();
        EXPECT_TRUE(rt.post([&] {
          late.push_back(rt.now() - asked);
          ran.store(true, std::memory_order_release);
        }));
        while (!ran.load(std::memory_order_acquire)) std::this_thread::yield();
      }
      rt.request_stop();
    });
    rt.run();
    outside.join();
    EXPECT_EQ(late.size(), 50U);
    EXPECT_LT(median(late), bound);
  }
}

/// A listener whose queue is full: whoever connects to it waits.
class full_door {
 public:
  full_door() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(fd_.get(), 0), 0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
    for (tenon::unique_fd& each : crowd_) {
      each = socket();
      (void)::connect(each.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at);
    }
  }
  [[nodiscard]] tenon::endpoint address() const { return {"127.0.0.1", port_}; }

 private:
  static tenon::unique_fd socket() {
    return tenon::unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  tenon::unique_fd fd_ = socket();
  std::array<tenon::unique_fd, 4> crowd_;
  std::uint16_t port_ = 0;
};

constexpr int ways_to_wait = 8;

/// Waits in one of the ways for what does not come, until `deadline`; gives how that ended.
template <class R>
task<std::error_code> wait_in_vain(R& rt, int way, tenon::time_point deadline, const full_door& full) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  typename R::tcp_stream near(rt, tenon::unique_fd(ends[0]));
  const tenon::unique_fd far(ends[1]);
  std::vector<std::byte> much(way == 2 || way == 4 ? std::size_t{512} << 10 : 64);
  if (way == 4) {
    while (near.try_write_some(much)) {
    }
  }
  switch (way) {
    case 0: {
      const bool slept = co_await tenon::sleep_until(deadline);
      co_return slept ? std::make_error_code(std::errc::timed_out)
                      : std::make_error_code(std::errc::operation_canceled);
    }
    case 1: {
      const auto got = co_await near.read_some(much, deadline);
      co_return got.error();
    }
    case 2: {
      const auto sent = co_await near.write_all(much, deadline);
      co_return sent.error();
    }
    case 3: {
      const auto ready = co_await near.readable(deadline);
      co_return ready.error();
    }
    case 4: {
      const auto ready = co_await near.writable(deadline);
      co_return ready.error();
    }
    case 5: {
      auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
      const auto peer = co_await door.accept(deadline);
      co_return peer.error();
    }
    case 6: {
      tenon::endpoint to = full.address();
      const auto stream = co_await R::tcp_stream::connect(rt, std::move(to), deadline);
      co_return stream.error();
    }
    default: {
      const tenon::duration limit = deadline == tenon::never ? tenon::duration(1h) : deadline - rt.now();
      const auto got = co_await tenon::timeout(limit, near.read_some(much));
      co_return got.error();
    }
  }
}

TYPED_TEST(adversity, every_wait_keeps_its_deadline) {
  using R = typename TypeParam::runtime;
  const full_door full;
  run_wired<TypeParam>(
      2,
      [](R& rt, const full_door& door) -> task<void> {
        std::vector<tenon::duration> late;
        for (int round = 0; round < 3; ++round) {
          for (int way = 0; way < ways_to_wait; ++way) {
            const auto deadline = rt.now() + 2ms;
            const auto why = co_await wait_in_vain<R>(rt, way, deadline, door);
            EXPECT_EQ(why, std::errc::timed_out) << way;
            late.push_back(rt.now() - deadline);
            EXPECT_GE(late.back(), 0ns) << way;
          }
        }
        EXPECT_LT(median(late), bound);
      },
      std::cref(full));
}

TYPED_TEST(adversity, every_wait_is_cancelled) {
  using R = typename TypeParam::runtime;
  const full_door full;
  run_wired<TypeParam>(
      2,
      [](R& rt, const full_door& door) -> task<void> {
        for (int way = 0; way < ways_to_wait; ++way) {
          for (const bool begins : {true, false}) {  // in the middle of it, and before it begins
            tenon::scope waiters{rt};
            std::error_code why;
            if (!begins) waiters.cancel();
            waiters.spawn(
                [](R& self, int how, const full_door& at, std::error_code* out) -> task<void> {
                  *out = co_await wait_in_vain<R>(self, how, tenon::never, at);
                },
                std::ref(rt), way, std::cref(door), &why);
            if (begins) (void)co_await tenon::sleep_for(1ms);
            waiters.cancel();
            co_await waiters.join();
            EXPECT_EQ(why, std::errc::operation_canceled) << way;
          }
        }
      },
      std::cref(full));
}

TYPED_TEST(adversity, half_a_close_leaves_the_other_half) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto both = co_await make_wire<R>(rt);
    std::array<std::byte, 64> room{};
    tenon::scope reader{rt};
    reader.spawn(
        [](typename R::tcp_stream& from) -> task<void> {
          std::array<std::byte, 64> got{};
          const auto end = co_await from.read_some(got);
          EXPECT_EQ(end.value(), 0U);
          const auto answer = co_await from.write_all(got);  // the other way is open
          EXPECT_EQ(answer.value(), got.size());
        },
        std::ref(both.far));
    (void)co_await tenon::sleep_for(1ms);
    EXPECT_TRUE(both.near.shutdown_send());
    const std::size_t came = co_await read_whole<R>(both.near, room);
    EXPECT_EQ(came, room.size());
    const auto refused = co_await both.near.write_some(room);
    EXPECT_EQ(refused.error(), std::errc::broken_pipe);
    co_await reader.join();
  });
}

/// All of that at once: run() returns, and each has been told, once.
TYPED_TEST(adversity, a_stop_ends_all_that_is_in_flight_once) {
  using R = typename TypeParam::runtime;
  constexpr int many = 50 * ways_to_wait;
  const full_door full;
  typename R::settings how_much;
  if constexpr (R::threading::concurrent) how_much.threads = 2;
  for (int round = 0; round < 3; ++round) {
    std::vector<std::atomic<int>> cancelled(many);
    std::atomic<int> other_ends{0};
    const books kept;
    {
      TypeParam rt{how_much};
      const auto main = [](R& self, const full_door& door, std::vector<std::atomic<int>>& all, std::atomic<int>& others,
                           int number) -> task<void> {
        for (int i = 0; i < many; ++i) {
          EXPECT_TRUE(self.spawn(
              [](R& on, int way, const full_door& at, std::atomic<int>& mine, std::atomic<int>& rest) -> task<void> {
                const auto why = co_await wait_in_vain<R>(on, way, tenon::never, at);
                (why == std::errc::operation_canceled ? mine : rest).fetch_add(1);
              },
              std::ref(self), i % ways_to_wait, std::cref(door), std::ref(all[static_cast<std::size_t>(i)]),
              std::ref(others)));
        }
        // All in flight, some, none.
        if (number == 0) (void)co_await tenon::sleep_for(20ms);
        if (number == 1) co_await tenon::yield();
        self.request_stop();
      };
      rt.run(main(rt, full, cancelled, other_ends, round));
    }
    EXPECT_EQ(other_ends, 0);
    EXPECT_EQ(std::count(cancelled.begin(), cancelled.end(), 1), many);
  }
}

/// Interrupts every system call there is, as long as it lives: a timer that signals the process every 100 us, and a
/// thread that signals the one that made it. The handler does nothing, and nothing is restarted.
class pest {
 public:
  pest() {
    struct sigaction quiet{};
    quiet.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &quiet, &alarm_before_);
    ::sigaction(SIGUSR2, &quiet, &user_before_);
    const itimerval often{{0, 100}, {0, 100}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    thread_ = std::thread([this, target = ::pthread_self()] {
      while (!over_.load()) {
        ::pthread_kill(target, SIGUSR2);
        ++signals_;
        std::this_thread::yield();
      }
    });
  }
  ~pest() {
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    over_ = true;
    thread_.join();
    ::sigaction(SIGALRM, &alarm_before_, nullptr);
    ::sigaction(SIGUSR2, &user_before_, nullptr);
  }
  [[nodiscard]] long signals() const { return signals_; }

 private:
  struct sigaction alarm_before_{};
  struct sigaction user_before_{};
  std::atomic<bool> over_{false};
  std::atomic<long> signals_{0};
  std::thread thread_;
};

TYPED_TEST(adversity, signals_disturb_no_traffic) {
  using R = typename TypeParam::runtime;
  const pest signals;
  run_wired<TypeParam>(
      2,
      [](R& rt, const pest& of) -> task<void> {
        int rounds_done = 0;
        for (const long enough = of.signals() + 200; of.signals() < enough || rounds_done < 3; ++rounds_done) {
          auto both = co_await make_wire<R>(rt);  // connects and accepts
          tenon::scope writer{rt};
          writer.spawn(
              [](typename R::tcp_stream& to) -> task<void> {
                std::vector<std::byte> bytes(300'000);
                for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % 251);
                const auto sent = co_await to.write_all(bytes);
                EXPECT_TRUE(sent) << sent.error().message();
                EXPECT_TRUE(to.shutdown_send());
              },
              std::ref(both.near));
          const auto none = co_await both.near.read_some(std::span<std::byte>(), rt.now() + 1ms);
          EXPECT_TRUE(none ? *none == 0 : none.error() == std::errc::timed_out);
          std::vector<std::byte> got(400'000);
          const std::size_t came = co_await read_whole<R>(both.far, got);
          EXPECT_EQ(came, 300'000U);
          for (std::size_t i = 0; i < came; ++i) {
            if (got[i] == static_cast<std::byte>(i % 251)) continue;
            ADD_FAILURE() << "byte " << i;
            break;
          }
          co_await writer.join();
          const auto before = rt.now();
          const bool slept = co_await tenon::sleep_for(1ms);
          EXPECT_TRUE(slept);
          EXPECT_GE(rt.now() - before, 1ms);
        }
      },
      std::cref(signals));
}

TYPED_TEST(adversity, an_accept_without_descriptors_backs_off_and_recovers) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
    tenon::endpoint to = door.local_endpoint();
    auto caller = co_await R::tcp_stream::connect(rt, std::move(to));
    EXPECT_TRUE(caller);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few{static_cast<rlim_t>(open_descriptors() + 8), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    std::vector<tenon::unique_fd> all;
    for (;;) {
      tenon::unique_fd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!one) break;
      all.push_back(std::move(one));
    }
    tenon::scope taker{rt};
    std::atomic<bool> taken{false};
    taker.spawn(
        [](typename R::tcp_listener& from, std::atomic<bool>* out) -> task<void> {
          const auto late = co_await from.accept(from.runtime().now() + 5ms);
          EXPECT_EQ(late.error(), std::errc::timed_out);
          const auto peer = co_await from.accept();
          EXPECT_TRUE(peer) << peer.error().message();
          *out = true;
        },
        std::ref(door), &taken);
    (void)co_await tenon::sleep_for(10ms);
    const auto used_before = cpu_time();
    (void)co_await tenon::sleep_for(200ms);
    const auto used = cpu_time() - used_before;
    EXPECT_LT(used, sanitized ? 100ms : 30ms) << "it tries again and again";
    EXPECT_FALSE(taken);
    all.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);
    co_await taker.join();
    EXPECT_TRUE(taken);
  });
}

constexpr std::size_t ten_thousand = 10'000;

/// Waits for that many descriptors at once; a random half of them is signalled, the others are cancelled.
TYPED_TEST(adversity, ten_thousand_descriptors_wait_at_once) {
  using R = typename TypeParam::runtime;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit wide = before;
  wide.rlim_cur = std::max<rlim_t>(before.rlim_cur, ten_thousand + 200);
  if (wide.rlim_cur > before.rlim_max || ::setrlimit(RLIMIT_NOFILE, &wide) != 0) {
    GTEST_SKIP() << "RLIMIT_NOFILE allows " << before.rlim_max << " descriptors, it takes " << ten_thousand + 200;
  }
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    struct station {
      int fd = -1;
      bool signalled = false;
      int ends = 0;
      std::error_code why;
    };
    std::vector<station> stations(ten_thousand);
    tenon::scope waiters{rt};
    std::atomic<std::size_t> waiting{0};
    for (station& each : stations) {
      tenon::unique_fd counter(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
      EXPECT_TRUE(counter);
      each.fd = counter.get();
      waiters.spawn(
          [](typename R::tcp_stream on, station& mine, std::atomic<std::size_t>& begun) -> task<void> {
            begun.fetch_add(1);
            const auto ready = co_await on.readable();
            mine.why = ready.error();
            ++mine.ends;
          },
          typename R::tcp_stream(rt, std::move(counter)), std::ref(each), std::ref(waiting));
    }
    while (waiting.load() < ten_thousand) co_await tenon::yield();
    std::uint32_t seed = 2'463'534'242;
    std::size_t signalled = 0;
    for (station& each : stations) {
      seed ^= seed << 13;
      seed ^= seed >> 17;
      seed ^= seed << 5;
      if (seed % 2 == 0) continue;
      const std::uint64_t one = 1;
      each.signalled = true;
      ++signalled;
      EXPECT_EQ(::write(each.fd, &one, sizeof one), 8);
    }
    while (waiters.size() > ten_thousand - signalled) (void)co_await tenon::sleep_for(1ms);
    waiters.cancel();
    co_await waiters.join();
    for (const station& each : stations) {
      EXPECT_EQ(each.ends, 1);
      EXPECT_EQ(each.why, each.signalled ? std::error_code() : std::make_error_code(std::errc::operation_canceled));
    }
  });
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
