// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <random>
#include <stop_token>
#include <thread>
#include <vector>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::sleep_for;
using tenon::sleep_until;
using tenon::task;

TEST(sleep_for, takes_its_time_on_the_runtimes_clock) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    const bool slept = co_await sleep_for(24h);
    EXPECT_TRUE(slept);
    EXPECT_EQ(rt.now() - start, 24h);
  });
}

TEST(sleep_for, takes_at_least_its_time_on_the_real_clock) {
  run_with<crew>(2, [](crew& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    const bool slept = co_await sleep_for(3ms);
    EXPECT_TRUE(slept);
    EXPECT_GE(rt.now() - start, 3ms);
  });
}

TEST(sleep_for, of_nothing_or_less_does_not_wait) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    EXPECT_TRUE(co_await sleep_for(0ns));
    EXPECT_TRUE(co_await sleep_for(-1h));
    EXPECT_TRUE(co_await sleep_for(tenon::duration::min()));
    EXPECT_TRUE(co_await sleep_until(start));
    EXPECT_TRUE(co_await sleep_until(tenon::time_point::min()));
    EXPECT_EQ(rt.now(), start);
  });
}

TEST(sleep_for, wakes_in_the_order_of_the_deadlines) {
  run_alone([](alone& rt) -> task<void> {
    std::vector<int> order;
    tenon::scope sleepers{rt};
    for (const int ms : {30, 10, 20, 5, 25}) {
      sleepers.spawn(
          [](int length, std::vector<int>* woken) -> task<void> {
            (void)co_await sleep_for(std::chrono::milliseconds(length));
            woken->push_back(length);
          },
          ms, &order);
    }
    co_await sleepers.join();
    EXPECT_EQ(order, (std::vector<int>{5, 10, 20, 25, 30}));
  });
}

task<void> sleeps(tenon::duration length, std::atomic<int>* full, std::atomic<int>* cut) {
  const bool slept = co_await sleep_for(length);
  ++(slept ? *full : *cut);
}

TEST(sleep_for, ends_early_when_asked_to_stop) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    std::atomic<int> full{0};
    std::atomic<int> cut{0};
    tenon::scope sleepers{rt};
    sleepers.spawn(sleeps, 1h, &full, &cut);
    sleepers.spawn(sleeps, 1s, &full, &cut);
    sleepers.spawn(sleeps, tenon::duration::max(), &full, &cut);
    (void)co_await sleep_for(1min);
    EXPECT_EQ(full, 1);
    sleepers.cancel();
    EXPECT_EQ(cut, 0) << "a stop request resumes nobody on the spot";
    co_await sleepers.join();
    EXPECT_EQ(cut, 2);
    EXPECT_EQ(rt.now() - start, 1min);
  });
}

TEST(sleep_for, does_not_begin_when_already_asked_to_stop) {
  run_alone([](alone& rt) -> task<void> {
    std::atomic<int> full{0};
    std::atomic<int> cut{0};
    tenon::scope sleepers{rt};
    sleepers.cancel();
    sleepers.spawn(sleeps, 1h, &full, &cut);
    sleepers.spawn(
        [](std::atomic<int>* count) -> task<void> {
          const bool first = co_await sleep_for(1h);
          const bool second = co_await sleep_for(1h);
          if (!first && !second) ++*count;
        },
        &cut);
    co_await sleepers.join();
    EXPECT_EQ(cut, 2);
    EXPECT_EQ(full, 0);
  });
}

TEST(sleep_until, never_ends_but_by_a_stop_request) {
  run_alone([](alone& rt) -> task<void> {
    rt.spawn(
        [](alone* of) -> task<void> {
          (void)co_await sleep_for(1h);
          of->request_stop();
        },
        &rt);
    const tenon::time_point start = rt.now();
    EXPECT_FALSE(co_await sleep_until(tenon::never));
    EXPECT_EQ(rt.now() - start, 1h);
  });
  run_with<crew>(2, [](crew& rt) -> task<void> {
    rt.spawn(
        [](crew* of) -> task<void> {
          (void)co_await sleep_for(1ms);
          of->request_stop();
        },
        &rt);
    const tenon::time_point start = rt.now();
    EXPECT_FALSE(co_await sleep_until(tenon::never));
    EXPECT_GE(rt.now() - start, 1ms);
  });
}

TEST(sleep_for, is_asked_to_stop_by_its_neighbour_at_its_very_deadline) {
  run_alone([](alone& rt) -> task<void> {
    std::atomic<int> full{0};
    std::atomic<int> cut{0};
    for (int i = 0; i < 100; ++i) {
      tenon::scope sleepers{rt};
      sleepers.spawn(sleeps, 1ms, &full, &cut);
      sleepers.spawn(
          [](tenon::scope<alone::runtime>* all) -> task<void> {
            (void)co_await sleep_for(1ms);
            all->cancel();
          },
          &sleepers);
      sleepers.spawn(sleeps, 1ms, &full, &cut);
      co_await sleepers.join();
    }
    EXPECT_EQ(full + cut, 200);
  });
}

// The stop comes from elsewhere.

TEST(sleep_for, ends_early_when_another_thread_asks) {
  for (int round = 0; round < rounds(100); ++round) {
    crew rt{{.threads = 1 + static_cast<std::size_t>(round) % 3, .name = "test"}};
    std::thread outside([&rt] {
      while (rt.state() == tenon::phase::initializing) std::this_thread::yield();
      rt.request_stop();
    });
    EXPECT_FALSE(rt.run([]() -> task<bool> { co_return co_await sleep_for(1h); }()));
    outside.join();
  }
}

/// Sleeps of all lengths, asked to stop at any moment: before they begin, while they begin, as they end, from the same
/// worker, from another and from outside. Each ends, once.
template <class R>
task<void> storm(R& rt, unsigned seed, std::atomic<int>& ended) {
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); };
  tenon::scope sleepers{rt};
  const unsigned many = 1 + below(200);
  for (unsigned i = 0; i < many; ++i) {
    sleepers.spawn(
        [](tenon::duration length, std::atomic<int>* count) -> task<void> {
          for (int naps = 0; naps < 3; ++naps) {
            const bool slept = co_await sleep_for(length);
            if (!slept) break;
          }
          ++*count;
        },
        std::chrono::microseconds(below(300)), &ended);
  }
  const unsigned who = below(3);
  if (who == 0) {
    (void)co_await sleep_for(std::chrono::microseconds(below(300)));
    sleepers.cancel();
    co_await sleepers.join();
  } else if (who == 1) {
    std::thread outside([&sleepers, pause = below(2'000)] {
      for (unsigned i = 0; i < pause; ++i) std::atomic_thread_fence(std::memory_order_seq_cst);
      sleepers.cancel();
    });
    for (unsigned yields = below(20); yields > 0; --yields) co_await tenon::yield();
    outside.join();
    co_await sleepers.join();
  } else {
    tenon::scope canceller{rt};
    canceller.spawn(
        [](tenon::scope<typename R::runtime>* all, tenon::duration length) -> task<void> {
          (void)co_await sleep_for(length);
          all->cancel();
        },
        &sleepers, std::chrono::microseconds(below(300)));
    co_await sleepers.join();
    co_await canceller.join();
  }
  ended -= static_cast<int>(many);
}

template <class R>
void storms(int count) {
  for (int round = 0; round < count; ++round) {
    std::atomic<int> balance{0};
    run_with<R>(
        2 + static_cast<std::size_t>(round) % 3,
        [](R& rt, unsigned seed, std::atomic<int>* ended) -> task<void> {
          for (unsigned i = 0; i < 4; ++i) co_await storm(rt, seed * 4 + i, *ended);
        },
        static_cast<unsigned>(round), &balance);
    ASSERT_EQ(balance, 0);
  }
}

TEST(sleep_for, survives_storms_of_stops_among_thieves) { storms<crew>(rounds(30)); }
TEST(sleep_for, survives_storms_of_stops_in_one_line) { storms<line>(rounds(30)); }
TEST(sleep_for, survives_storms_of_stops_bound_to_workers) { storms<bound>(rounds(30)); }

/// The shutdown itself is such a storm: whatever sleeps is asked to stop by the worker on which main ended.
TEST(sleep_for, ends_with_its_runtime) {
  for (int round = 0; round < rounds(60); ++round) {
    std::atomic<int> full{0};
    std::atomic<int> cut{0};
    run_with<crew>(
        3,
        [](crew& rt, std::atomic<int>* a, std::atomic<int>* b) -> task<void> {
          for (int i = 0; i < 100; ++i) rt.spawn(sleeps, i % 2 == 0 ? 1h : 20us, a, b);
          (void)co_await sleep_for(20us);
        },
        &full, &cut);
    EXPECT_EQ(full + cut, 100);
    EXPECT_GE(cut, 50);
  }
}

}  // namespace
