// SPDX-License-Identifier: BSL-1.0
#include "../net/wires.hpp"
#include "storm.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace {

using namespace tenon_test;

template <class R>
class fairness : public testing::Test {};
TYPED_TEST_SUITE(fairness, all_wired);

/// How many ready items a timer or an accept may wait for: a worker's turn comes every 61 items, what it finds goes
/// behind what is ready (the two loops), and the turn may just have been over.
constexpr long budget = 2 * 61 + 8;

/// What the two loops and the one they may not delay see of each other. All on one worker: plain variables.
struct shared {
  long turns = 0;                             ///< of both loops
  tenon::time_point deadline = tenon::never;  ///< a loop that sees it passed notes its turn
  long passed_at = -1;
  bool asked_to_connect = false;
  sockaddr_in address{};
  std::vector<tenon::unique_fd> peers;
  bool over = false;

  void step(tenon::time_point now) {
    ++turns;
    if (now >= deadline) {
      deadline = tenon::never;
      passed_at = turns;
    }
    if (asked_to_connect) {
      asked_to_connect = false;
      peers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      EXPECT_EQ(::connect(peers.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      passed_at = turns;  // the handshake is over: the loopback makes it within the call
    }
  }
};

/// Always ready again.
template <class R>
task<void> yields(R& rt, shared& all) {
  while (!all.over) {
    all.step(rt.now());
    co_await tenon::yield();
  }
}

task<int> at_once() { co_return 1; }

/// Always ready, without ever leaving the worker of itself: awaits what need not wait.
template <class R>
task<void> awaits(R& rt, shared& all) {
  int sum = 0;
  while (!all.over) {
    all.step(rt.now());
    sum += co_await at_once();
  }
  EXPECT_GT(sum, 0);
}

/// Transfers without a turn in between: 128 a queue item.
constexpr long transfers = 128;

template <class R>
task<long> timer_delay(R& rt, shared& all) {
  all.passed_at = -1;
  all.deadline = rt.now() + 1ms;
  (void)co_await tenon::sleep_until(all.deadline);
  co_return all.passed_at < 0 ? 0 : all.turns - all.passed_at;
}

template <class R>
task<long> accept_delay(typename R::tcp_listener& door, shared& all) {
  all.passed_at = -1;
  all.asked_to_connect = true;
  const auto peer = co_await door.accept();
  EXPECT_TRUE(peer);
  co_return all.turns - all.passed_at;
}

/// One worker, counted in turns of the loops: no clock decides it.
TYPED_TEST(fairness, two_ready_loops_delay_a_timer_and_an_accept_by_no_more_than_the_budget) {
  using R = typename TypeParam::runtime;
  const long tries = size_of_storm(100, 20);
  for (const bool long_chains : {false, true}) {
    long worst_timer = 0;
    long worst_accept = 0;
    run_wired<TypeParam>(
        1,
        [](R& rt, bool chains, long times, long& timer_out, long& accept_out) -> task<void> {
          shared all;
          auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
          socklen_t size = sizeof all.address;
          EXPECT_EQ(::getsockname(door.native_handle(), reinterpret_cast<sockaddr*>(&all.address), &size), 0);
          tenon::scope loops{rt};
          for (int i = 0; i < 2; ++i) {
            if (chains) {
              loops.spawn(awaits<R>, std::ref(rt), std::ref(all));
            } else {
              loops.spawn(yields<R>, std::ref(rt), std::ref(all));
            }
          }
          for (long i = 0; i < times; ++i) {
            const long late = co_await timer_delay<R>(rt, all);
            timer_out = std::max(timer_out, late);
            const long waited = co_await accept_delay<R>(door, all);
            accept_out = std::max(accept_out, waited);
          }
          all.over = true;
          co_await loops.join();
        },
        long_chains, tries, std::ref(worst_timer), std::ref(worst_accept));
    const long most = long_chains ? budget * transfers : budget;
    EXPECT_LE(worst_timer, most);
    EXPECT_LE(worst_accept, most);
    std::printf("figure: fairness %-33s %s: a timer waits for at most %ld turns, an accept for %ld\n",
                sentence_of<TypeParam>().c_str(), long_chains ? "awaits" : "yields", worst_timer, worst_accept);
  }
}

/// What the loop of the next one is made of.
task<void> busy(bool chains, std::atomic<bool>& end) {
  while (!end.load(std::memory_order_relaxed)) {
    if (chains) {
      (void)co_await at_once();
    } else {
      co_await tenon::yield();
    }
  }
}

/// The same by the clock, and with the other worker: half of the tries must do (the machine has other things to do).
TYPED_TEST(fairness, two_ready_loops_delay_a_millisecond_by_less_than_two) {
  using R = typename TypeParam::runtime;
  const long tries = size_of_storm(50, 10);
  for (const int how : {0, 1, 2, 3}) {
    const bool chains = how % 2 == 1;
    const std::size_t threads = how < 2 ? 1 : 2;
    if (threads > 1 && !R::threading::concurrent) break;
    std::vector<double> late_us;
    std::atomic<bool> over{false};
    run_wired<TypeParam>(
        threads,
        [](R& rt, bool of_chains, long times, std::vector<double>& out, std::atomic<bool>& stop) -> task<void> {
          tenon::scope loops{rt};
          for (int i = 0; i < 2; ++i) loops.spawn(busy, of_chains, std::ref(stop));
          for (long i = 0; i < times; ++i) {
            const auto asked = rt.now() + 1ms;
            (void)co_await tenon::sleep_until(asked);
            out.push_back(std::chrono::duration<double, std::micro>(rt.now() - asked).count());
          }
          stop = true;
          co_await loops.join();
        },
        chains, tries, std::ref(late_us), std::ref(over));
    std::sort(late_us.begin(), late_us.end());
    EXPECT_GE(late_us.front(), 0.0);
    EXPECT_LE(late_us[late_us.size() / 2], sanitized ? 20'000.0 : 2'000.0);
    std::printf("figure: fairness %-33s %s, %zu workers: 1 ms late by p50 %.0f us, at most %.0f us\n",
                sentence_of<TypeParam>().c_str(), chains ? "awaits" : "yields", threads, late_us[late_us.size() / 2],
                late_us.back());
  }
}

/// Of many that are always ready, none is left behind, however many they are.
TYPED_TEST(fairness, of_many_ready_tasks_each_gets_its_share) {
  using R = typename TypeParam::runtime;
  constexpr std::size_t crowd = 1'000;
  std::vector<long> runs(crowd, 0);
  run_wired<TypeParam>(
      1,
      [](R& rt, std::vector<long>& all) -> task<void> {
        long left = static_cast<long>(all.size()) * 50;
        tenon::scope loops{rt};
        for (long& mine : all) {
          loops.spawn(
              [](long& count, long& of_all) -> task<void> {
                while (--of_all > 0) {
                  ++count;
                  co_await tenon::yield();
                }
              },
              std::ref(mine), std::ref(left));
        }
        co_await loops.join();
      },
      std::ref(runs));
  const auto [least, most] = std::minmax_element(runs.begin(), runs.end());
  EXPECT_GE(*least, 25) << "half of its share; the luckiest had " << *most;
}

}  // namespace
